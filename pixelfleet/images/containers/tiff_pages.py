"""Selects the directories of a TIFF that are pictures, and detects camera raw files with the structure of TIFF."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.containers.tiff_directories import (
    NEW_SUBFILE_TYPE,
    OLD_SUBFILE_TYPE,
    SUB_IFDS,
    Directory,
    TiffFile,
)

Read = Callable[[int, int], bytes]

_MAX_PAGES: Final = 10_000
_MAX_SUB: Final = 16
#: LibRaw searches this many bytes for the mark of IIQ.
_IIQ_HEAD: Final = 32
#: The tags of the DNG version (DNG 1.7), and of Leaf's block in a MOS (34310, ExifTool's tag names of EXIF).
_RAW_TAGS: Final = frozenset({50706, 34310})
_WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC = 256, 257, 259, 262
#: Photometric interpretations of raw pixels: colour filter array and linear raw (TIFF/EP; DNG 1.7, chapter 4).
_RAW_PHOTOMETRIC: Final = frozenset({32803, 34892})
#: Compressions of camera makers: Sony ARW, Nikon NEF, Pentax PEF and the like, Kodak DCR, Epson ERF, Samsung SRW, Kodak
#: KDC.
_RAW_COMPRESSION: Final = frozenset({32767, 34713, 65535, 65000, 32769, 32770, 262})


@dataclass(frozen=True, slots=True)
class TiffPage:
    """One picture. `index` is the number of a directory in the chain. `sub` is the number of the directory below that
    directory; None for the directory itself."""

    index: int
    sub: int | None
    directory: Directory

    @property
    def pixels(self) -> int:
        return self.directory.number(_WIDTH, 0) * self.directory.number(_HEIGHT, 0)


def is_camera_raw(read: Read) -> bool:
    """Whether any directory holds pixels that must be developed: DNG, NEF, ARW, CR2 and others begin like TIFF."""
    file = TiffFile(read)
    # CR2 has its mark after the header (there is no public specification; the libtiff-based readers test the same).
    if file.read(8, 2) == b"CR" and not file.big:
        return True
    # Phase One's IIQ has such a mark, too. Its first directory is a small preview (LibRaw, `parse_phase_one`).
    if re.search(rb"IIII.waR|MMMMRaw.", file.read(0, _IIQ_HEAD), re.DOTALL):
        return True
    for number, directory in enumerate(file.chain(_MAX_SUB)):
        if number == 0 and not _RAW_TAGS.isdisjoint(directory.entries):
            return True
        if any(is_raw(one) for one in (directory, *below(file, directory))):
            return True
    return False


def pages(read: Read) -> list[TiffPage]:
    """The pictures in full resolution, in order. Reduced copies and masks are not pages (TIFF 6.0, NewSubfileType).

    Each directory of the chain gives its largest picture in full resolution, which may be in a directory below
    (TIFF/EP). If a file has only reduced copies, the reduced copies are the pages.
    """
    file = TiffFile(read)
    whole, reduced = [], []
    for index, directory in enumerate(file.chain(_MAX_PAGES)):
        own = TiffPage(index, None, directory)
        others = [TiffPage(index, number, one) for number, one in enumerate(below(file, directory))]
        best = [page for page in (own, *others) if not _is_reduced(page.directory)]
        if best:
            whole.append(max(best, key=lambda page: page.pixels))
        else:
            reduced.append(own)
    return whole or reduced


def below(file: TiffFile, directory: Directory) -> list[Directory]:
    """The directories to which a directory points (TIFF technical note 1, SubIFDs)."""
    offsets = directory.numbers(SUB_IFDS, _MAX_SUB)
    return [below for offset in offsets if (below := file.directory(offset)) is not None]


def _is_reduced(directory: Directory) -> bool:
    """Bit 0: a reduced copy of another picture of this file. Bit 2: a transparency mask. In the old tag, 2 is a reduced
    copy."""
    return bool(directory.number(NEW_SUBFILE_TYPE, 0) & 0b101) or directory.number(OLD_SUBFILE_TYPE, 0) == 2


def is_raw(directory: Directory) -> bool:
    """Whether the picture of a directory has samples of a sensor."""
    if directory.number(_PHOTOMETRIC, 0) in _RAW_PHOTOMETRIC:
        return True
    return directory.number(_COMPRESSION, 1) in _RAW_COMPRESSION
