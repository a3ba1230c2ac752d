"""JPEG and WebP, which libvips reads completely. Other readers use the functions of this module."""

from pathlib import Path
from typing import Any, Final

from pixelfleet.images.fields import field
from pixelfleet.images.formats import Format
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.vips import Image, pyvips

#: Loaders that select a frame.
_PAGED: Final = frozenset({"gifload", "webpload"})


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return header_of(decode(path, row, reading), held=not row.streams and not row.animates)


def decode(path: Path, row: Format, reading: Reading) -> Image:
    return load(path, row, reading)


def load(path: Path, row: Format, reading: Reading, **more: Any) -> Image:
    """Calls the libvips loader of the row; the image is lazy.

    Raises:
        pyvips.Error: the codec's error; the caller translates the error.
    """
    options: dict[str, Any] = {"access": "random" if reading.random_access else "sequential", "fail_on": "truncated"}
    if row.code == "jpegload":
        options["shrink"] = reading.shrink
    if row.code in _PAGED:
        options |= {"page": reading.page, "n": reading.frames}
    options |= more
    if reading.accept_truncated:
        options["fail_on"] = "none"
    return pyvips.Operation.call(row.code, str(path), **options)


def header_of(image: Image, *, held: bool = False) -> Header:
    """The header of an image that libvips has opened."""
    return Header(
        width=image.width,
        height=int(field(image, "page-height", image.height)),
        frames=max(int(field(image, "n-pages", 1)), 1),
        orientation=orientation_of(image),
        colour_space=str(image.interpretation),
        has_alpha=bool(image.hasalpha()),
        exif=bytes(field(image, "exif-data", b"")),
        held=held or bool(image.get_typeof("interlaced")),
    )


def orientation_of(image: Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if the orientation is missing or out of range."""
    value = int(field(image, "orientation", 1))
    return value if 1 <= value <= 8 else 1
