"""The attempts at an image as bars on one scale of time, from the record's history. Lengths are hundredths of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pixelfleet.domain.records import AttemptLine, Image

#: The length of the shortest bar that can be seen.
_SHORTEST: Final = 0.8


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the last attempt: `start` and `length` within the scale, and its milliseconds."""

    name: str
    ms: int
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class AttemptBar:
    """An attempt that has ended. `waited` is the seconds since the line before it, None without such a line."""

    line: AttemptLine
    ms: int
    length: float
    waited: float | None
    steps: tuple[Step, ...] = ()


def attempt_bars(image: Image) -> list[AttemptBar]:
    """The attempts in their order. The last one has its steps, if they were recorded with it."""
    ended = [(line, line.duration_ms) for line in image.attempt_log if line.duration_ms is not None]
    longest = max((ms for _, ms in ended), default=0) or 1
    bars = []
    for number, (line, ms) in enumerate(ended, 1):
        recorded = bool(image.timings_ms) and number == len(ended) and line.at == image.finished_at
        steps = tuple(_steps(image.timings_ms, ms, longest)) if recorded else ()
        bars.append(AttemptBar(line, ms, max(100 * ms / longest, _SHORTEST), _waited(image, line, ms), steps))
    return bars


def _steps(timings: dict[str, int], attempt_ms: int, longest: int) -> Iterator[Step]:
    """The steps in the order in which the worker carries them out; the rest of the attempt is `other`."""
    # Steps are rounded one by one, so that their sum may pass the duration of the attempt by a few milliseconds.
    whole = max(attempt_ms, sum(timings.values()))
    start = 0
    for name, ms in (*timings.items(), ("other", whole - sum(timings.values()))):
        if ms:
            yield Step(name, ms, _scaled(start, whole, attempt_ms, longest), _scaled(ms, whole, attempt_ms, longest))
        start += ms


def _scaled(ms: int, whole: int, attempt_ms: int, longest: int) -> float:
    return 100 * ms / whole * attempt_ms / longest


def _waited(image: Image, line: AttemptLine, ms: int) -> float | None:
    """Seconds between the line before the attempt and its beginning, the claim."""
    log = list(image.attempt_log)
    before = [one for one in log[: log.index(line)] if one.what != "claimed"]
    if not before:
        return None
    gap = datetime.fromisoformat(line.at) - datetime.fromisoformat(before[-1].at)
    return max(0.0, gap.total_seconds() - ms / 1000)
