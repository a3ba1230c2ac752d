"""Bitmaps of Windows and TGA, by Pillow: an alpha that is 0 throughout is no alpha."""

from pathlib import Path

from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.vips import Image


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return pillow.read_header(path, row, reading)


def decode(path: Path, row: Format, reading: Reading) -> Image:
    """Windows, browsers and ImageMagick show a 32-bit bitmap whose fourth byte is always 0 as opaque: its writer left
    the byte unused, and an icon's own mask holds (Raymond Chen, "The evolution of the ICO file format", part 3)."""
    image = pillow.decode(path, row, reading)
    if image.hasalpha() and image.extract_band(image.bands - 1).max() == 0:
        return image.extract_band(0, n=image.bands - 1)
    return image
