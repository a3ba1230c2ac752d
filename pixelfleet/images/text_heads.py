"""Text headers: PNM, PFM, XBM, XPM and FITS. A check before the decoder requires that a header ends within a bound.

Pillow reads such a header byte by byte or line by line, in Python, and skips comments and spaces. 30 MB of comments and
spaces took 40 s of CPU. 20 GB, which `heavy` accepts, would have taken hours. Pillow copies a megabyte for each comment
between the numbers of a plain PNM: 12 MB took minutes.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from pixelfleet.errors import Cause, PermanentError

#: The most bytes of a header with its comments.
MAX_HEAD: Final = 64_000
#: The most comments of a plain PNM. Programs write none after the head.
MAX_COMMENTS: Final = 1_000
#: The most cards of a FITS, of 80 bytes each, with the cards of its first extension. Instruments write some thousands.
MAX_CARDS: Final = 20_000
#: The most colours of an XPM: each colour is a line of text, which Pillow reads in Python.
MAX_COLOURS: Final = 65_536

_CARD: Final = 80
_BLOCK: Final = 2_880
_WORD_OR_COMMENT: Final = re.compile(rb"#[^\r\n]*(?:[\r\n]|\Z)|[^\s#]+")
#: How many numbers the header of a bitmap has (netpbm): width and height, no maximum. Others have three.
_NUMBERS: Final = {b"P1": 2, b"P4": 2}
#: Bitmap, greymap and pixmap whose samples are numbers in text.
_PLAIN: Final = frozenset({b"P1", b"P2", b"P3"})
_COMMENTS: Final = f"it has more than {MAX_COMMENTS:,} comments"
_STEP: Final = 1 << 20
#: Width, height, colours, characters a pixel (X PixMap format).
_XPM_VALUES: Final = re.compile(rb'"\s{0,99}\d{1,20}\s{1,99}\d{1,20}\s{1,99}(\d{1,20})\s')


def check_text_head(path: Path, format_name: str) -> None:
    """Check that the header of the file ends within its bound.

    Raises:
        PermanentError: `too_much_metadata`.
    """
    ends = _ENDS.get(format_name)
    if ends is None:
        return
    with path.open("rb") as file:
        reason = ends(file)
    if reason:
        raise PermanentError(Cause.TOO_MUCH_METADATA, f"{reason}; save the {format_name} anew, as PNG for example")


def _numbers_end(file: BinaryIO) -> str:
    head = _head(file)
    words = (word for word in _WORD_OR_COMMENT.finditer(head, 2) if not word[0].startswith(b"#"))
    found = sum(1 for _, _ in zip(range(_NUMBERS.get(head[:2], 3)), words, strict=False))
    if found != _NUMBERS.get(head[:2], 3):
        return _too_long(head)
    return "" if head[:2] not in _PLAIN or _comments_are_few(head, file) else _COMMENTS


def _comments_are_few(head: bytes, file: BinaryIO) -> bool:
    """Whether the whole file has few comments."""
    comments = head.count(b"#")
    while comments <= MAX_COMMENTS and (piece := file.read(_STEP)):
        comments += piece.count(b"#")
    return comments <= MAX_COMMENTS


def _bits_begin(file: BinaryIO) -> str:
    head = _head(file)
    return "" if b"{" in head else _too_long(head)


def _colours_are_few(file: BinaryIO) -> str:
    head = _head(file)
    values = _XPM_VALUES.search(head)
    if values is None:
        return "" if b'"' in head else _too_long(head)
    colours = int(values[1])
    return f"it names {colours:,} colours, the limit is {MAX_COLOURS:,}" if colours > MAX_COLOURS else ""


def _cards_end(file: BinaryIO) -> str:
    for number, _ in enumerate(_cards(file)):
        if number >= MAX_CARDS:
            return f"its head has more than {MAX_CARDS:,} cards"
    return ""


def _cards(file: BinaryIO) -> Iterator[bytes]:
    """The cards of the first headers, one after the other (FITS 4.0, 3.3 and 4.1)."""
    within = False
    while len(card := file.read(_CARD)) == _CARD:
        keyword = card[:8].strip()
        if keyword in (b"SIMPLE", b"XTENSION"):
            within = True
        elif not within:
            return
        elif keyword == b"END":
            within = False
            file.seek(-(-file.tell() // _BLOCK) * _BLOCK)
        yield card


def _head(file: BinaryIO) -> bytes:
    return file.read(MAX_HEAD)


def _too_long(head: bytes) -> str:
    """Empty for a shorter file: such a file breaks off, which the decoder reports."""
    return f"its head has no end within {MAX_HEAD:,} bytes" if len(head) == MAX_HEAD else ""


_ENDS: Final[dict[str, Callable[[BinaryIO], str]]] = {
    "ppm": _numbers_end,
    "pfm": _numbers_end,
    "xbm": _bits_begin,
    "xpm": _colours_are_few,
    "fits": _cards_end,
}
