"""The contract of a reader: how a source is opened, and what its head declares."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pixelfleet.images.formats import Format
from pixelfleet.images.vips import Image


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source is opened: `shrink` 1, 2, 4 or 8 while decoding, `page` from 0, `frames` -1 for all of them;
    `progress` logs the progress of a large one."""

    shrink: int = 1
    page: int = 0
    frames: int = 1
    random_access: bool = False
    progress: bool = True
    accept_truncated: bool = False
    allow_svg: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """Pixels as stored, before orientation, of one frame or page."""

    width: int
    height: int
    frames: int
    orientation: int
    colour_space: str
    has_alpha: bool
    exif: bytes
    #: The decoder cannot stream the picture, but holds it whole.
    held: bool = False


class Reader(Protocol):
    """A module of `pixelfleet.images.readers`."""

    def read_header(self, path: Path, row: Format, reading: Reading) -> Header:
        """What the file's head declares; no pixel is decoded."""
        ...

    def decode(self, path: Path, row: Format, reading: Reading) -> Image:
        """A lazy image of one to four bands: grey, RGB, CMYK or Lab, and alpha. Its colours are marked by
        `colour_space.mark`; its metadata are the fields `exif-data`, `xmp-data` and `iptc-data`."""
        ...
