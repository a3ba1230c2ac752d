"""Templates and static files, and the form of values in them."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dashboard.upload_names import BATCH_PATTERN
from pixelfleet.domain.records import StoredVariant
from pixelfleet.domain.result_keys import result_address
from pixelfleet.domain.scores import Score
from pixelfleet.operations.time_left import TimeLeft

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


class Renderer:
    """Jinja2 with every value escaped. A missing name is an error."""

    def __init__(self) -> None:
        self.version = _digest_of(STATIC)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "size": size,
            "count": count,
            "things": things,
            "day": day,
            "moment": moment,
            "iso": iso,
            "seconds": seconds,
            "milliseconds": milliseconds,
            "time_left": time_left,
            "score": score,
            "segment": segment,
            "query": query,
        }
        self._templates.globals["static"] = lambda path: f"/static/{self.version}/{path}"
        self._templates.globals["result"] = result_address
        self._templates.globals["batch_pattern"] = BATCH_PATTERN

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        return self._templates.get_template(template).render(values)


class VersionedStatic(StaticFiles):
    """Static files below a digest of all of them, so that browsers may cache them for ever."""

    def get_path(self, scope: Scope) -> str:
        return super().get_path(scope).partition("/")[2]

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def size(value: int | None) -> str:
    """Bytes for people: 1,234,567 is 1.2 MB."""
    if value is None:
        return "-"
    amount = float(value)
    for unit in _UNITS:
        if amount < 999.5 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.95 else f"{amount:.1f} {unit}"


def count(value: int) -> str:
    return f"{value:,}"


def things(number: int, noun: str, plural: str = "") -> str:
    """`1 image`, `1,200 images`. Without `plural`, the noun takes an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def day(value: str | None) -> str:
    """A record's timestamp as a date."""
    return value[:10] if value else "-"


def moment(value: str | int | None) -> str:
    """A record's timestamp, or epoch seconds, to the second, in UTC."""
    if isinstance(value, int):
        value = datetime.fromtimestamp(value, UTC).isoformat()
    return f"{value[:10]} {value[11:19]} UTC" if value else "-"


def iso(value: str | int) -> str:
    """A record's timestamp, or epoch seconds, for a `time` element, which a script shows in local time."""
    return datetime.fromtimestamp(value, UTC).isoformat() if isinstance(value, int) else value


def seconds(value: float | None) -> str:
    """A duration for people."""
    if value is None:
        return "-"
    whole = round(value)
    if whole < 60:
        return f"{value:.1f} s" if value < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def milliseconds(value: int) -> str:
    """A duration for people, from milliseconds."""
    return f"{value} ms" if value < 1000 else seconds(value / 1000)


def score(variant: StoredVariant) -> str:
    """The score of a variant with its metric; empty if it has none."""
    return str(Score.of_stored(variant.score, variant.ssimulacra2) or "")


def time_left(left: TimeLeft) -> str:
    """The seconds that are left, with their range if it is known and useful."""
    return left.in_words(seconds, unknown="unknown")


def segment(value: str) -> str:
    """A name as one segment of a path."""
    return quote(value, safe="")


def query(values: Mapping[str, Any]) -> str:
    """A query string of the set values."""
    return urlencode({name: value for name, value in values.items() if value})


def _digest_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]
