"""The contract of a reader: the options for opening a source, and the properties that its header declares."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pixelfleet.images.formats import Format
from pixelfleet.images.vips import Image
from pixelfleet.recipes import DEFAULT_DPI


@dataclass(frozen=True, slots=True)
class Reading:
    """The options for opening a source. `shrink` is 1, 2, 4 or 8 and applies during decoding. `page` counts from 0.
    `frames` is -1 for all frames. `progress` logs the progress of a large source."""

    shrink: int = 1
    page: int = 0
    frames: int = 1
    random_access: bool = False
    progress: bool = True
    accept_truncated: bool = False
    allow_svg: bool = False
    #: Pixels to an inch of a page that has a size in points and no pixels.
    dpi: int = DEFAULT_DPI
    #: Pixels that the variants need, as stored; 0 if the number does not matter.
    needed: tuple[int, int] = (0, 0)
    #: Develop a camera raw even if its preview is large enough.
    develop: bool = False
    #: More than 8 bits a sample are kept.
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """The properties of one frame or page. Sizes are in pixels as stored, before orientation."""

    width: int
    height: int
    frames: int
    orientation: int
    colour_space: str
    has_alpha: bool
    exif: bytes
    #: The decoder cannot stream the picture, but holds the whole picture in memory.
    held: bool = False


class Reader(Protocol):
    """A module of `pixelfleet.images.readers`."""

    def read_header(self, path: Path, row: Format, reading: Reading) -> Header:
        """The properties that the file's header declares; no pixel is decoded."""
        ...

    def decode(self, path: Path, row: Format, reading: Reading) -> Image:
        """A lazy image of one to four bands: grey, RGB, CMYK or Lab, and alpha. `colour_space.mark` marks its colours.
        Its metadata are the fields `exif-data`, `xmp-data` and `iptc-data`."""
        ...
