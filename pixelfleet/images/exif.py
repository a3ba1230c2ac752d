"""The few EXIF fields that a record keeps: camera, time, and the place only on request."""

import struct
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import Image
from PIL.ExifTags import Base

_MAX_TEXT = 100


@dataclass(frozen=True, slots=True)
class Shot:
    """`taken_at` is ISO 8601, with an offset where the camera knew it; `place` is (latitude, longitude) in degrees."""

    camera: str | None = None
    taken_at: str | None = None
    place: tuple[float, float] | None = None


def read_exif(blob: bytes, *, with_place: bool) -> Shot:
    """EXIF is written by thousands of devices and editors: what cannot be read is left out, never an error."""
    exif = Image.Exif()
    try:
        with warnings.catch_warnings(action="ignore"):
            exif.load(blob)
            details = exif.get_ifd(Base.ExifOffset)
            place = exif.get_ifd(Base.GPSInfo) if with_place else {}
            return Shot(_camera(exif), _taken_at(exif, details), _place(place))
    except (ValueError, TypeError, KeyError, IndexError, SyntaxError, OSError, ArithmeticError, struct.error):
        return Shot()


def _camera(exif: Image.Exif) -> str | None:
    maker, model = _text(exif.get(Base.Make)), _text(exif.get(Base.Model))
    if model.lower().startswith(maker.lower()):
        maker = ""
    return f"{maker} {model}".strip()[:_MAX_TEXT] or None


def _taken_at(exif: Image.Exif, details: dict[int, Any]) -> str | None:
    stamp = _text(details.get(Base.DateTimeOriginal)) or _text(exif.get(Base.DateTime))
    try:
        moment = datetime.strptime(stamp, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the offset is a field of its own
        offset = _text(details.get(Base.OffsetTimeOriginal))
        return datetime.fromisoformat(moment.isoformat() + offset).isoformat()
    except ValueError:
        return None


def _place(gps: dict[int, Any]) -> tuple[float, float] | None:
    """Tags 1 to 4 (EXIF 2.32, table 15): N or S, degrees-minutes-seconds, E or W, degrees-minutes-seconds."""
    if not {1, 2, 3, 4} <= gps.keys():
        return None
    latitude = _degrees(gps[2]) * (-1 if _text(gps[1]).upper() == "S" else 1)
    longitude = _degrees(gps[4]) * (-1 if _text(gps[3]).upper() == "W" else 1)
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return round(latitude, 6), round(longitude, 6)


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def _text(value: object) -> str:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return "".join(character for character in text if character.isprintable()).strip()
