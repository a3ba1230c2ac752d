"""The segments of a JPEG file (ITU T.81, annex B), to put the picture of one file under the metadata of another.

The entropy-coded data is copied as it is, so that no pixel changes.
"""

import re
from collections.abc import Iterator
from typing import Final

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
#: Baseline and progressive: the kinds that every browser shows.
_FRAMES: Final = frozenset({0xC0, 0xC2})
#: Huffman tables, quantisation tables, restart interval.
_TABLES: Final = frozenset({0xC4, 0xDB, 0xDD})
_SCAN, _APP0, _APP14, _COMMENT = 0xDA, 0xE0, 0xEE, 0xFE
#: EXIF and XMP, ICC, Photoshop's block with IPTC.
_METADATA: Final = frozenset({0xE1, 0xE2, 0xED})
#: A marker that is no restart: 0xFF 0x00 is a byte of data (B.1.1.5), and any marker may follow fill bytes (B.1.1.2).
_MARKER: Final = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
_APP1, _EXIF = 0xE1, b"Exif\0\0"
_JFIF, _ADOBE = b"JFIF\0", b"Adobe"
#: JFIF 1.02: version, units, two densities, and a thumbnail of no pixels. Adobe's segment ends in the transform.
_JFIF_BYTES, _ADOBE_BYTES = 12, 12


class _OddError(Exception):
    """The file has a part that is not copied."""


def under_metadata_of(original: bytes, encoded: bytes) -> bytes | None:
    """The picture of `original`, bit for bit, with the EXIF, XMP, ICC and IPTC of `encoded` instead of its own.

    Nothing else of `original` stays: no comment, no thumbnail, no segment of a maker, nothing after the picture.

    Returns:
        None for an original that is not a whole baseline or progressive JPEG of 8 bits in grey or three colours.
    """
    try:
        heads, picture = _picture(original)
        metadata = [segment for kind, segment in _segments(encoded) if kind in _METADATA]
    except (_OddError, IndexError):
        return None
    return b"".join([_SOI, *heads, *metadata, *picture, _EOI])


def under_head_of(coded: bytes, head: bytes) -> bytes | None:
    """The picture of `coded`, bit for bit, with the density and the metadata of `head`, another JPEG of these colours.

    Returns:
        None if `coded` is not a whole baseline or progressive JPEG of 8 bits in grey or three colours.
    """
    try:
        _, picture = _picture(coded)
        heads = [segment for kind, segment in _segments(head) if kind == _APP0 or kind in _METADATA]
    except (_OddError, IndexError):
        return None
    return b"".join([_SOI, *heads, *picture, _EOI])


def shortened(content: bytes, cut: int) -> Iterator[bytes]:
    """For each scan whose coded data has more than `cut` bytes, the file without the last `cut` bytes of the data.

    `content` is a whole JPEG, as from `under_metadata_of`.
    """
    parts = [segment for _, segment in _segments(content)]
    for number, part in enumerate(parts):
        head = 2 + int.from_bytes(part[2:4], "big")
        if part[1] == _SCAN and len(part) - head > cut:
            # A single 0xFF at the end would begin a marker.
            short = part[:head] + part[head:-cut].rstrip(b"\xff")
            yield b"".join([_SOI, *parts[:number], short, *parts[number + 1 :], _EOI])


def exif_in(content: bytes) -> bytes:
    """The EXIF of a JPEG as a TIFF structure; empty if there is none.

    Raises:
        ValueError: the file is not a whole JPEG.
    """
    try:
        segments = [segment[4:] for kind, segment in _segments(content) if kind == _APP1]
    except (_OddError, IndexError) as error:
        raise ValueError("no whole JPEG") from error
    return next((one.removeprefix(_EXIF) for one in segments if one.startswith(_EXIF)), b"")


def _picture(content: bytes) -> tuple[list[bytes], list[bytes]]:
    """The segments that say how colours are coded, and the tables, frame and scans."""
    heads: list[bytes] = []
    picture: list[bytes] = []
    kinds: list[int] = []
    for kind, segment in _segments(content):
        kinds.append(kind)
        if kind in _FRAMES or kind in _TABLES or kind == _SCAN:
            picture.append(segment)
        elif _is_dropped(kind):
            heads += _head(kind, segment[4:]) if _SCAN not in kinds else []
        else:
            raise _OddError
        if kind in _FRAMES and not _is_shown(segment[4:]):
            raise _OddError
    if sum(kind in _FRAMES for kind in kinds) != 1 or _SCAN not in kinds:
        raise _OddError
    return heads, picture


def _head(kind: int, payload: bytes) -> list[bytes]:
    """The segment of JFIF without its thumbnail, or Adobe's; nothing for other segments."""
    if kind == _APP0 and payload.startswith(_JFIF):
        return [_segment(kind, payload[:_JFIF_BYTES] + b"\0\0")]
    if kind == _APP14 and payload.startswith(_ADOBE):
        return [_segment(kind, payload[:_ADOBE_BYTES])]
    return []


def _is_shown(frame: bytes) -> bool:
    """Whether a frame has 8 bits (B.2.2), and grey or three colours."""
    return frame[0] == 8 and frame[5] in (1, 3)


def _is_dropped(kind: int) -> bool:
    return _APP0 <= kind <= 0xEF or kind == _COMMENT


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each segment with its marker, up to the end of the image; a scan with its entropy-coded data.

    Raises:
        _OddError: the file is no JPEG, or ends before its end of image.
    """
    if not content.startswith(_SOI):
        raise _OddError
    at = len(_SOI)
    while True:
        marker = _MARKER.match(content, at)
        if marker is None:
            raise _OddError
        kind, start = marker[1][0], marker.end()
        if kind == _EOI[1]:
            return
        length = int.from_bytes(content[start : start + 2], "big")
        end = start + length
        if length < 2 or end > len(content):
            raise _OddError
        if kind == _SCAN:
            follows = _MARKER.search(content, end)
            if follows is None:
                raise _OddError
            end = follows.start()
        yield kind, b"\xff" + content[start - 1 : end]
        at = end


def _segment(kind: int, payload: bytes) -> bytes:
    return bytes((0xFF, kind)) + (len(payload) + 2).to_bytes(2, "big") + payload
