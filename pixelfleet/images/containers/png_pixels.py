"""The pixel data of a PNG, inflated and counted without a decoder: an error in the bytes, in words.

libpng's text is lost where libvips decodes an interlaced PNG (`png2vips_interlace`): the error has no reason. So this
check decides whether the file or the machine is at fault.
"""

import zlib
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

_STEP: Final = 1 << 16
#: Pieces after the last row that are inflated: an error there, too, ends the decoder.
_REST: Final = 16
_SIGNATURE_BYTES: Final = 8
#: Samples a pixel, by colour type (PNG, third edition, 11.2.1).
_SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
#: The passes of Adam7: first column, first row, step of columns, step of rows (PNG, third edition, 8.1).
_ADAM7: Final = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip
#: The last type of a row's filter (PNG, third edition, 9.2).
_LAST_FILTER: Final = 4


def fault_of_pixels(path: Path) -> str | None:
    """The first error in the compressed pixels of the PNG at `path`; None if they are whole or its head is unusual."""
    with path.open("rb") as file:
        head = file.read(_SIGNATURE_BYTES + 25)[_SIGNATURE_BYTES + 8 :]
        if len(head) < 13 or head[9] not in _SAMPLES or head[12] > 1:
            return None
        file.seek(_SIGNATURE_BYTES)
        return _fault(_inflated(file), row_sizes(head))


def _fault(pieces: Iterator[bytes], sizes: Iterator[int]) -> str | None:
    """Every row begins with the type of its filter."""
    row_begins, seen = 0, 0
    try:
        for piece in pieces:
            while row_begins < seen + len(piece):
                if piece[row_begins - seen] > _LAST_FILTER:
                    return "a row has a filter that does not exist"
                size = next(sizes, None)
                if size is None:
                    deque(islice(pieces, _REST), 0)
                    return None
                row_begins += 1 + size
            seen += len(piece)
    except zlib.error:
        return "its compressed pixels are damaged"
    ended_early = seen < row_begins or next(sizes, None) is not None
    return "its compressed pixels end before its last row" if ended_early else None


def row_sizes(head: bytes) -> Iterator[int]:
    """Bytes of every row without its filter, in the order of the file; `head` is the content of IHDR."""
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big")
    bits = head[8] * _SAMPLES[head[9]]
    for left, top, across, down in _ADAM7 if head[12] else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        # A pass without a column has no rows.
        for _ in range(rows if columns > 0 else 0):
            yield -(-columns * bits // 8)


def _inflated(file: BinaryIO) -> Iterator[bytes]:
    """The inflated content of the IDAT chunks, in pieces. Raises zlib.error, also for a stream without its end."""
    inflater = zlib.decompressobj()
    for packed in _compressed(file):
        waiting = packed
        while waiting and not inflater.eof:
            yield inflater.decompress(waiting, _STEP)
            waiting = inflater.unconsumed_tail
    if not inflater.eof:
        raise zlib.error("the stream has no end")


def _compressed(file: BinaryIO) -> Iterator[bytes]:
    while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
        left = int.from_bytes(head[:4], "big")
        if head[4:] == b"IDAT":
            while left > 0 and (piece := file.read(min(left, _STEP))):
                yield piece
                left -= len(piece)
        file.seek(left + 4, 1)
