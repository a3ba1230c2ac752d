"""The memory that decoding an image takes, estimated from the header.

The figures are peaks of the recipe `web`, measured by `python -m benchmarks.limits`; docs/reference/limits.md has the
table. The figures decide the lane. If a header is wrong, the memory limit of the decoding process still applies.
"""

from typing import Final

from pixelfleet.images.formats import Format
from pixelfleet.images.readers.contract import Header

#: Memory of the process itself, its libraries and the variants.
BASE_BYTES: Final = 120_000_000
#: Bytes of memory a pixel, for formats whose decoders hold the whole image.
_HELD: Final = {"avif": 16, "heic": 16, "jpeg2000": 20, "raw": 20, "webp": 9, "gif": 6}
_HELD_BY_PILLOW: Final = 11
#: Interlaced PNG and progressive JPEG.
_HELD_BY_VIPS: Final = 5
#: Animated PNG: every frame on its canvas, and the variants of all frames.
_HELD_FRAMES: Final = 13
#: Decoders and filters keep about this many rows in memory, at three bytes a pixel.
_ROWS: Final = 170
_SAMPLES: Final = 3


def decode_bytes(row: Format, header: Header, frames: int = 1) -> int:
    """Bytes of memory that decoding takes. All `frames` of an animation are held together."""
    deep = 2 if "16" in header.colour_space else 1
    rows = max(header.width, header.height) * _ROWS * _SAMPLES * deep
    return BASE_BYTES + max(rows, header.width * header.height * frames * _bytes_a_pixel(row, header) * deep)


def is_held(row: Format, header: Header) -> bool:
    """Whether the decoder holds the whole image."""
    return header.held or row.name in _HELD


def _bytes_a_pixel(row: Format, header: Header) -> int:
    if row.name in _HELD:
        return _HELD[row.name]
    if row.name == "png" and header.frames > 1:
        return _HELD_FRAMES
    if not row.streams or (row.name == "tiff" and header.held):
        return _HELD_BY_PILLOW
    return _HELD_BY_VIPS if header.held else 0
