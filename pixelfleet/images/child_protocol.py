"""The messages between a supervisor and its child: one JSON object a line, in both directions.

The format is JSON, not pickle: the child decodes untrusted files, so the parent must never run code from the child.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pixelfleet.errors import Cause, PermanentError, ProcessingError, TransientError
from pixelfleet.images.faces.pages import MOST_RECORDED
from pixelfleet.images.limits import LaneShare, Limits
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.images.probe import Probe

#: The most characters of a text that are read.
_LONGEST_TEXT: Final = 1_000
_KINDS: Final[dict[str, type[ProcessingError]]] = {"permanent": PermanentError, "transient": TransientError}


@dataclass(frozen=True, slots=True)
class Order:
    """One file to render: `recipe` is the text that `Recipe.to_text` returns.

    An image that exceeds `share` is probed and not rendered. With `compared`, nothing is rendered: the child scores
    that variant of the file.
    """

    source: Path
    recipe: str
    folder: Path
    limits: Limits
    share: LaneShare | None = None
    compared: Path | None = None

    def encoded(self) -> bytes:
        fields = {"source": str(self.source), "recipe": self.recipe, "folder": str(self.folder)}
        share = asdict(self.share) if self.share else None
        compared = str(self.compared) if self.compared else None
        return _line(fields | {"limits": asdict(self.limits), "share": share, "compared": compared})


def decode_order(line: bytes) -> Order:
    raw = json.loads(line)
    share = LaneShare(**raw["share"]) if raw["share"] else None
    compared = Path(raw["compared"]) if raw["compared"] else None
    return Order(Path(raw["source"]), raw["recipe"], Path(raw["folder"]), Limits(**raw["limits"]), share, compared)


@dataclass(frozen=True, slots=True)
class Answer:
    """A child's answer: the probe as soon as the header is read, progress now and then, and one ending.

    `stage` names a part of the work that code of other packages does; it is empty at the end of that part.
    The ending is a rendition, a score, an error, or `too_large`: the reason why the image belongs to a larger lane.
    `cpu_ms` are the milliseconds of one core for the rendition.
    """

    probe: Probe | None = None
    rendition: Rendition | None = None
    error: ProcessingError | None = None
    too_large: str | None = None
    progress: str | None = None
    stage: str | None = None
    cpu_ms: int = 0
    score: float | None = None

    def encoded(self) -> bytes:
        fields: dict[str, Any] = {}
        if self.probe is not None:
            fields["probe"] = asdict(self.probe)
        if self.rendition is not None:
            fields |= {"rendition": asdict(self.rendition), "cpu_ms": self.cpu_ms}
        if self.error is not None:
            kind = "permanent" if isinstance(self.error, PermanentError) else "transient"
            fields["error"] = {"kind": kind, "cause": self.error.cause.value, "message": self.error.message}
        if self.score is not None:
            fields["score"] = self.score
        fields |= {
            name: text for name in ("too_large", "progress", "stage") if (text := getattr(self, name)) is not None
        }
        return _line(fields)


def decode_answer(line: bytes, folder: Path) -> Answer:
    """Read an answer. The variants' files are in `folder`; the folders in the child's paths are ignored.

    Raises:
        ValueError, KeyError, TypeError: the line is not an answer.
    """
    raw = json.loads(line)
    if not isinstance(raw, dict):
        raise TypeError("an answer is a JSON object")
    probe = _probe(raw["probe"]) if "probe" in raw else None
    rendition = _rendition(raw["rendition"], folder) if "rendition" in raw else None
    error = _error(raw["error"]) if "error" in raw else None
    texts = {name: _text(raw.get(name)) for name in ("too_large", "progress", "stage")}
    score = float(raw["score"]) if "score" in raw else None
    return Answer(probe, rendition, error, **texts, cpu_ms=int(raw.get("cpu_ms", 0)), score=score)


def _error(raw: dict[str, Any]) -> ProcessingError:
    return _KINDS[raw["kind"]](Cause(raw["cause"]), _text(raw["message"]) or "")


def _text(raw: object) -> str | None:
    """A child's text on one line, cut to the longest length, because a codec may have damaged the child."""
    return None if raw is None else " ".join(str(raw).split())[:_LONGEST_TEXT]


def _probe(raw: dict[str, Any]) -> Probe:
    place = raw["gps"]
    return Probe(**{**raw, "gps": (float(place[0]), float(place[1])) if place else None})


def _rendition(raw: dict[str, Any], folder: Path) -> Rendition:
    variants = tuple(
        RenderedVariant(
            **{
                **variant,
                "path": folder / Path(variant["path"]).name,
                "tiles": folder / Path(variant["tiles"]).name if variant["tiles"] else None,
            }
        )
        for variant in raw["variants"]
    )
    return Rendition(**{**raw, "variants": variants, "faces": _faces(raw.get("faces"))})


def _faces(raw: Any) -> tuple[tuple[int, int, int, int], ...] | None:
    """Four whole numbers for each face, and no more faces than a record has."""
    if raw is None:
        return None
    boxes = [tuple(int(number) for number in box) for box in raw]
    if len(boxes) > MOST_RECORDED or any(len(box) != 4 for box in boxes):
        raise ValueError("faces are at most 100 boxes of four numbers")
    return tuple((left, top, width, height) for left, top, width, height in boxes)


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, default=str).encode() + b"\n"
