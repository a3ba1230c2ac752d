"""Camera raws of our own making: DNG files (DNG 1.4) whose sensor sees the four quarters through a colour filter array.

The camera of these files has the primaries and the white of sRGB. So a developed pixel is the linear value of its
colour, and sRGB's curve leads back to the value that the quarter has.
"""

import io
import struct
from typing import Any, Final

import numpy as np
from PIL import Image

from tests.colour.quarters import picture

#: White in the upper left, so that the brightness is settled: 255 is the brightest value of the picture.
SEEN: Final = ((255, 255, 255), (40, 180, 60), (40, 60, 200), (230, 220, 120))
#: CIE XYZ (D65) to linear sRGB (IEC 61966-2-1), which is what ColorMatrix1 says of a camera.
_XYZ_TO_CAMERA: Final = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)
_BLACK, _WHITE = 512, 16_383
_SHORT, _LONG, _BYTE, _ASCII, _RATIONAL, _SRATIONAL = 3, 4, 1, 2, 5, 10
_SIZES: Final = {_BYTE: 1, _ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, _SRATIONAL: 8}
_D65: Final = 21

Entry = tuple[int, int, int, bytes]


def dng(
    width: int = 64,
    height: int = 48,
    *,
    orientation: int = 1,
    preview: Image.Image | None = None,
    samples: bytes | None = None,
) -> bytes:
    """A DNG without compression, whose samples are last.

    Args:
        preview: is embedded as a JPEG in a directory of its own.
        samples: the sensor's values, in the place of those of the quarters.
    """
    samples = _mosaic(width, height) if samples is None else samples
    embedded, below = _preview(preview, 8) if preview is not None else (b"", ())
    at = 8 + len(embedded)

    def directory(offset: int) -> bytes:
        return _directory([*_picture(width, height, orientation, offset, 2 * width * height), *below], at)

    behind = at + len(directory(0))
    return b"II*\0" + struct.pack("<I", at) + embedded + directory(behind) + samples


def _picture(width: int, height: int, orientation: int, offset: int, size: int) -> list[Entry]:
    return [
        _longs(254, 0), _longs(256, width), _longs(257, height), _shorts(258, 16), _shorts(259, 1),
        _shorts(262, 32_803), _text(271, "Maker"), _text(272, "Model 1"), _longs(273, offset),
        _shorts(274, orientation), _shorts(277, 1), _longs(278, height), _longs(279, size), _shorts(33_421, 2, 2),
        (33_422, _BYTE, 4, bytes((0, 1, 1, 2))), (50_706, _BYTE, 4, bytes((1, 4, 0, 0))),
        _text(50_708, "Maker Model 1"), _shorts(50_714, _BLACK), _longs(50_717, _WHITE),
        (50_721, _SRATIONAL, 9, b"".join(struct.pack("<ii", round(v * 10_000), 10_000) for v in _XYZ_TO_CAMERA)),
        (50_728, _RATIONAL, 3, struct.pack("<IIIIII", 1, 1, 1, 1, 1, 1)), _shorts(50_778, _D65),
    ]  # fmt: skip


def _preview(preview: Image.Image, at: int) -> tuple[bytes, tuple[Entry, ...]]:
    """The JPEG with its directory, for the offset `at`; and the entry that leads to the directory."""
    file = io.BytesIO()
    preview.save(file, "JPEG", quality=95, subsampling=0)
    jpeg = file.getvalue()
    below = [
        _longs(254, 1), _longs(256, preview.width), _longs(257, preview.height), _shorts(258, 8, 8, 8),
        _shorts(259, 7), _shorts(262, 6), _longs(273, at), _shorts(277, 3), _longs(278, preview.height),
        _longs(279, len(jpeg)),
    ]  # fmt: skip
    place = at + len(jpeg)
    return jpeg + _directory(below, place), (_longs(330, place),)


def preview_of(width: int, height: int) -> Image.Image:
    """A preview with the quarters of `picture()`, whose colours differ from what the sensor saw."""
    return picture().resize((width, height), Image.Resampling.NEAREST)


def mosaic(seen: Any) -> bytes:
    """The sensor's samples of a picture: an array of 8 bits in sRGB, with rows, columns and three colours."""
    light = np.array([_linear(value / 255) for value in range(256)])[seen]
    values = np.round(_BLACK + light * (_WHITE - _BLACK)).astype("<u2")
    rows, columns = np.indices(values.shape[:2])
    colours = rows % 2 + columns % 2
    return bytes(np.take_along_axis(values, colours[:, :, None], axis=2).tobytes())


def _mosaic(width: int, height: int) -> bytes:
    """One sample a pixel: red and green in even rows, green and blue in odd rows."""
    levels = [[_BLACK + round(_linear(value / 255) * (_WHITE - _BLACK)) for value in colour] for colour in SEEN]
    rows = []
    for y in range(height):
        row = []
        for x in range(width):
            colour = levels[2 * (y >= height // 2) + (x >= width // 2)]
            row.append(colour[(y % 2) + (x % 2)])
        rows.append(struct.pack(f"<{width}H", *row))
    return b"".join(rows)


def _linear(value: float) -> float:
    """Light of an sRGB value from 0 to 1 (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _directory(entries: list[Entry], at: int) -> bytes:
    """A TIFF directory (TIFF 6.0, section 2) at the offset `at`, with its long values behind it."""
    behind = at + 2 + 12 * len(entries) + 4
    fixed, values = struct.pack("<H", len(entries)), b""
    for tag, kind, count, content in sorted(entries):
        fixed += struct.pack("<HHI", tag, kind, count)
        if len(content) <= 4:
            fixed += content.ljust(4, b"\0")
        else:
            fixed += struct.pack("<I", behind + len(values))
            values += content + bytes(len(content) % 2)
    return fixed + bytes(4) + values


def _shorts(tag: int, *values: int) -> Entry:
    return tag, _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def _longs(tag: int, *values: int) -> Entry:
    return tag, _LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def _text(tag: int, text: str) -> Entry:
    content = text.encode() + b"\0"
    return tag, _ASCII, len(content), content
