"""The few EXIF fields that a record keeps: camera, lens, time, and, only on request, the place.

Thousands of devices and editors write EXIF. So each field is read by itself, and an unreadable field is left out.
"""

import re
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pixelfleet.images.metadata.exif_tree import Fields, read_tree

_MAX_TEXT: Final = 100
_LEAP_SECOND: Final = 60
_MAKE, _MODEL, _DATE_TIME = 271, 272, 306
_ORIGINAL, _DIGITIZED, _OFFSET, _OFFSET_ORIGINAL, _OFFSET_DIGITIZED = 36867, 36868, 36880, 36881, 36882
_LENS: Final = 42036
_STAMP: Final = re.compile(r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})(?:[ T](\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?)?")
_ZONE: Final = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d$")


@dataclass(frozen=True, slots=True)
class Shot:
    """`taken_at` is ISO 8601, with the offset if EXIF has one; `place` is (latitude, longitude) in degrees."""

    camera: str | None = None
    lens: str | None = None
    taken_at: str | None = None
    place: tuple[float, float] | None = None


def read_exif(blob: bytes, *, with_place: bool) -> Shot:
    """The fields of an EXIF block; an empty `Shot` for bytes that are not EXIF."""
    tree = read_tree(blob)
    lens = _text(tree.exif, _LENS)[:_MAX_TEXT] or None
    place = _place(tree.gps) if with_place else None
    return Shot(_camera(tree.image), lens, _taken_at(tree.image, tree.exif), place)


def _camera(image: Fields) -> str | None:
    maker, model = _text(image, _MAKE), _text(image, _MODEL)
    if model.lower().startswith(maker.lower()):
        maker = ""
    return f"{maker} {model}".strip()[:_MAX_TEXT] or None


def _taken_at(image: Fields, exif: Fields) -> str | None:
    """The original date, else the date of digitizing, else the date of the file: the first valid date of these."""
    candidates = (
        (_text(exif, _ORIGINAL), _text(exif, _OFFSET_ORIGINAL)),
        (_text(exif, _DIGITIZED), _text(exif, _OFFSET_DIGITIZED)),
        (_text(image, _DATE_TIME), _text(exif, _OFFSET)),
    )
    return next((moment for stamp, offset in candidates if (moment := _moment(stamp, offset))), None)


def _moment(stamp: str, offset: str) -> str | None:
    """A blank or invalid offset is unknown (EXIF 2.32, 4.6.5, OffsetTime); the time then has no offset."""
    match = _STAMP.match(stamp)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        # A clock shows second 60 at a leap second (ISO 8601-1, 4.3.11); the result is the next minute.
        moment = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 - the offset has its own field
        moment += timedelta(seconds=int(second == _LEAP_SECOND))
    except (ValueError, OverflowError):
        return None
    if second > _LEAP_SECOND:
        return None
    if offset in ("Z", "z"):
        offset = "+00:00"
    return moment.isoformat() + (offset if _ZONE.match(offset) else "")


def _place(gps: Fields) -> tuple[float, float] | None:
    """Tags 1 to 4 (EXIF 2.32, table 15): N or S, degrees-minutes-seconds, E or W, degrees-minutes-seconds."""
    latitude, longitude = _degrees(gps, 2), _degrees(gps, 4)
    if latitude is None or longitude is None or not {1, 3} <= gps.keys():
        return None
    latitude *= -1 if _text(gps, 1).upper() == "S" else 1
    longitude *= -1 if _text(gps, 3).upper() == "W" else 1
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return round(latitude, 6), round(longitude, 6)


def _degrees(gps: Fields, tag: int) -> float | None:
    field = gps.get(tag)
    if field is None or field.kind not in (5, 10) or field.count < 3:
        return None
    numbers = struct.unpack("<6I" if field.kind == 5 else "<6i", field.data[:24])
    parts = [top / bottom if bottom else 0.0 for top, bottom in zip(numbers[::2], numbers[1::2], strict=True)]
    return parts[0] + parts[1] / 60 + parts[2] / 3600


def _text(fields: Fields, tag: int) -> str:
    """UTF-8 (EXIF 3.0), else Latin-1, up to the first zero byte and without unprintable characters."""
    field = fields.get(tag)
    if field is None:
        return ""
    content = field.data.partition(b"\0")[0]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return "".join(character for character in text if character.isprintable()).strip()
