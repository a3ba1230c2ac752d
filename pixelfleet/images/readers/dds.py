"""DDS: Pillow decodes the pixels, but shows grey as red if a file has both flags (Microsoft, DDS_PIXELFORMAT)."""

from pathlib import Path

from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image

_FLAGS_AT, _LUMINANCE = 80, 0x20000


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return pillow.read_header(path, row, reading)


def decode(path: Path, row: Format, reading: Reading) -> Image:
    image = pillow.decode(path, row, reading)
    with reader_at(path) as read:
        flags = int.from_bytes(read(_FLAGS_AT, 4), "little")
    if not flags & _LUMINANCE or image.bands < 3:
        return image
    # The mask of red selects the luminance.
    bands = [image.extract_band(0), *([image.extract_band(3)] if image.bands > 3 else [])]
    grey = bands[0].bandjoin(bands[1:]) if len(bands) > 1 else bands[0]
    return grey.copy(interpretation="b-w")
