"""The past of the lanes on one time axis: from CloudWatch, or from the memory of a process that looks now and then."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from pixelfleet.aws.metrics import Metric, Metrics
from pixelfleet.aws.queues import queue_name
from pixelfleet.catalog.activity import LATE, Sample, slot_of
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import timestamp
from pixelfleet.operations import monitoring
from pixelfleet.operations.monitoring import queue_metric

log = logging.getLogger(__name__)

#: Seconds between two looks of this process, and how long it remembers them.
LOOK_EVERY: Final = 15.0
REMEMBERED: Final = timedelta(hours=24)
#: The shortest period of CloudWatch's metrics of queues and services.
_CLOUDWATCH_PERIOD: Final = 60
#: Seconds for which a look counts, if the next one is late.
_HOLDS: Final = 60
#: The names in CloudWatch (SQS developer guide, "Available CloudWatch metrics"; ECS developer guide, "Container
#: Insights metrics").
_QUEUE_METRICS: Final = {
    "waiting": "ApproximateNumberOfMessagesVisible",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "oldest": "ApproximateAgeOfOldestMessage",
}


class Range(StrEnum):
    """How far back a chart goes, as its address says it."""

    QUARTER = "15m"
    HOUR = "1h"
    DAY = "24h"


#: Seconds of one step, and how many steps a range has: few enough for some kilobytes.
_STEPS: Final = {Range.QUARTER: (15, 60), Range.HOUR: (30, 120), Range.DAY: (600, 144)}


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis that all charts share: `steps` of `step` seconds from `start`, in epoch seconds."""

    start: int
    step: int
    steps: int

    @classmethod
    def until(cls, now: datetime, how_far: Range) -> "Axis":
        """The last step is the one that is complete by `now`."""
        step, steps = _STEPS[how_far]
        end = int(now.timestamp()) // step * step
        return cls(end - step * steps, step, steps)

    def held(self, points: Iterable[tuple[float, float]], holds: int) -> tuple[float | None, ...]:
        """The last value of each step; a value holds for `holds` seconds. None where it is unknown."""
        values: list[float | None] = [None] * self.steps
        for at, value in points:
            first = int((at - self.start) // self.step)
            last = int((at + holds - self.start) // self.step)
            for number in range(max(first, 0), min(max(last, first + 1), self.steps)):
                values[number] = value
        return tuple(values)

    def summed(self, points: Iterable[tuple[float, float]]) -> tuple[float, ...]:
        """The sum of each step's values, per second."""
        totals = [0.0] * self.steps
        for at, value in points:
            number = int((at - self.start) // self.step)
            if 0 <= number < self.steps:
                totals[number] += value
        return tuple(total / self.step for total in totals)


@dataclass(frozen=True, slots=True)
class Series:
    """One lane (or `uploads`) over an axis, oldest first; None where it is unknown.

    `waiting` and `in_flight` are messages, `oldest` seconds, `workers` tasks or processes, `finished` images a second.
    """

    waiting: tuple[float | None, ...] = ()
    in_flight: tuple[float | None, ...] = ()
    oldest: tuple[float | None, ...] = ()
    workers: tuple[float | None, ...] = ()
    finished: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """All lanes over one axis."""

    axis: Axis
    lanes: dict[str, Series]


@dataclass(frozen=True, slots=True)
class _Look:
    at: datetime
    lanes: Mapping[str, tuple[float, float]]
    workers: Mapping[str, float]


class History:
    """Where there is no CloudWatch, `start` has to be called; the time before it is unknown."""

    def __init__(self, deployment: Deployment, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._deployment = deployment
        self._clock = clock
        self._looks: deque[_Look] = deque(maxlen=int(REMEMBERED.total_seconds() / LOOK_EVERY))
        self._stop = threading.Event()
        self._kept: dict[Range, Past] = {}

    def start(self) -> None:
        """Look every `LOOK_EVERY` seconds, in a thread that ends with the process or at `stop`."""
        if self._deployment.metrics is None:
            threading.Thread(target=self._look_on, name="history", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def past(self, how_far: Range) -> Past:
        """Read at most once a step, whoever asks. Raises TransientError when AWS does not answer."""
        # What is finished is complete some seconds after the end of a slot.
        axis = Axis.until(self._clock() - timedelta(seconds=LATE), how_far)
        kept = self._kept.get(how_far)
        if kept is None or kept.axis != axis:
            kept = self._kept[how_far] = Past(axis, self._lanes(axis))
        return kept

    def look(self) -> None:
        """Remember the present state. Raises TransientError when SQS or DynamoDB does not answer."""
        states, workers = monitoring.lanes(self._deployment), monitoring.workers(self._deployment)
        self._looks.append(
            _Look(
                self._clock(),
                {state.name: (state.waiting, state.in_flight) for state in states},
                {one.lane.value: one.running for one in workers},
            )
        )

    def _look_on(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the chart has a gap, and the thread goes on
                log.warning("the lanes were not looked at", extra={"reason": f"{type(error).__name__}: {error}"})

    def _lanes(self, axis: Axis) -> dict[str, Series]:
        since = datetime.fromtimestamp(axis.start, UTC)
        samples = self._deployment.activity.samples(datetime.fromisoformat(slot_of(since)))
        metrics = self._deployment.metrics
        known = self._remembered(axis) if metrics is None else self._asked(metrics, axis)
        finished = {lane.value: axis.summed(_finished(samples, lane)) for lane in Lane}
        return {name: Series(**fields, finished=finished.get(name, ())) for name, fields in known.items()}

    def _remembered(self, axis: Axis) -> dict[str, dict[str, tuple[float | None, ...]]]:
        by_lane: dict[str, dict[str, list[tuple[float, float]]]] = {
            name: {"waiting": [], "in_flight": [], "workers": []}
            for name in ("uploads", *(lane.value for lane in Lane))
        }
        for look in list(self._looks):
            at = look.at.timestamp()
            for name, (waiting, in_flight) in look.lanes.items():
                by_lane[name]["waiting"].append((at, waiting))
                by_lane[name]["in_flight"].append((at, in_flight))
            for name, running in look.workers.items():
                by_lane[name]["workers"].append((at, running))
        return {
            name: {field: axis.held(points, _HOLDS) for field, points in fields.items() if points}
            for name, fields in by_lane.items()
        }

    def _asked(self, metrics: Metrics, axis: Axis) -> dict[str, dict[str, tuple[float | None, ...]]]:
        settings = self._deployment.settings
        queues = {"uploads": settings.uploads_queue_url} | {lane.value: settings.queue_url(lane) for lane in Lane}
        asked: dict[tuple[str, str], Metric] = {
            (name, field): queue_metric(queue_name(url), metric)
            for name, url in queues.items()
            for field, metric in _QUEUE_METRICS.items()
        }
        for lane in Lane:
            service = (("ClusterName", settings.ecs_cluster), ("ServiceName", f"{settings.prefix}-{lane.value}"))
            asked[lane.value, "workers"] = Metric("ECS/ContainerInsights", "RunningTaskCount", service)
        start = datetime.fromtimestamp(axis.start, UTC)
        end = start + timedelta(seconds=axis.step * axis.steps)
        period = max(axis.step, _CLOUDWATCH_PERIOD)
        series = metrics.read(list(asked.values()), start, end, period)
        by_lane: dict[str, dict[str, tuple[float | None, ...]]] = {name: {} for name in queues}
        for (name, field), values in zip(asked, series, strict=True):
            points = [(at.timestamp(), value) for at, value in values]
            by_lane[name][field] = axis.held(points, period) if points else ()
        return by_lane


def _finished(samples: Sequence[Sample], lane: Lane) -> list[tuple[float, float]]:
    return [
        (datetime.fromisoformat(sample.at).timestamp(), sample.finished) for sample in samples if sample.lane is lane
    ]


def as_document(past: Past) -> dict[str, object]:
    """For charts: one axis, and the lines of each chart; what is unknown everywhere is left out."""
    fields = ("finished", "waiting", "in_flight", "oldest", "workers")
    return {
        "start": timestamp(datetime.fromtimestamp(past.axis.start, UTC)),
        "step": past.axis.step,
        "steps": past.axis.steps,
        "charts": {
            field: {
                name: [_short(value) for value in getattr(series, field)]
                for name, series in past.lanes.items()
                if any(value is not None for value in getattr(series, field))
            }
            for field in fields
        },
    }


def _short(value: float | None) -> float | int | None:
    """Three digits after the point at most; whole numbers without one."""
    if value is None or float(value).is_integer():
        return int(value) if value is not None else None
    return round(value, 3)
