"""What passes between a supervisor and its child: one JSON object a line, each way.

JSON, not pickle: the child decodes strangers' files, so the parent must not run what it says.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pixelfleet.errors import Cause, PermanentError, ProcessingError, TransientError
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.images.probe import Probe

_KINDS: Final[dict[str, type[ProcessingError]]] = {"permanent": PermanentError, "transient": TransientError}


@dataclass(frozen=True, slots=True)
class Order:
    """One file to be rendered: `recipe` is the text of a recipe, as `Recipe.to_text` gives it."""

    source: Path
    recipe: str
    folder: Path
    limits: Limits

    def encoded(self) -> bytes:
        fields = {"source": str(self.source), "recipe": self.recipe, "folder": str(self.folder)}
        return _line(fields | {"limits": asdict(self.limits)})


def decode_order(line: bytes) -> Order:
    raw = json.loads(line)
    return Order(Path(raw["source"]), raw["recipe"], Path(raw["folder"]), Limits(**raw["limits"]))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child tells: the probe as soon as it is known, and in the end a rendition or an error."""

    probe: Probe | None = None
    rendition: Rendition | None = None
    error: ProcessingError | None = None

    def encoded(self) -> bytes:
        fields: dict[str, Any] = {}
        if self.probe is not None:
            fields["probe"] = asdict(self.probe)
        if self.rendition is not None:
            fields["rendition"] = asdict(self.rendition)
        if self.error is not None:
            kind = "permanent" if isinstance(self.error, PermanentError) else "transient"
            fields["error"] = {"kind": kind, "cause": self.error.cause.value, "message": self.error.message}
        return _line(fields)


def decode_answer(line: bytes, folder: Path) -> Answer:
    """Read an answer; the variants' files are taken to lie in `folder`, wherever the child says they are.

    Raises:
        ValueError, KeyError, TypeError: not an answer.
    """
    raw = json.loads(line)
    if not isinstance(raw, dict):
        raise TypeError("an answer is a JSON object")
    probe = _probe(raw["probe"]) if "probe" in raw else None
    rendition = _rendition(raw["rendition"], folder) if "rendition" in raw else None
    error = None
    if told := raw.get("error"):
        error = _KINDS[told["kind"]](Cause(told["cause"]), str(told["message"]))
    return Answer(probe, rendition, error)


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
    return Rendition(**{**raw, "variants": variants})


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, default=str).encode() + b"\n"
