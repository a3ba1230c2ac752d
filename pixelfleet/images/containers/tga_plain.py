"""Converts a TGA to the plain form that Pillow reads (Truevision TGA specification, version 2.0).

Pillow rejects runs that continue into the next row; writers before version 2.0 made such runs. Pillow also rejects
15-bit palettes, which are 16-bit palettes with an unused bit.
"""

from typing import Final

_HEAD: Final = 18
#: Image types are palette, RGB and grey. This bit (8) marks run-length compression.
_RUNS: Final = 8
#: A file of version 2 ends with the offset of the extension area, another offset, and this signature.
_SIGNATURE: Final = b"TRUEVISION-XFILE.\0"
_FOOTER: Final = 26


def is_plain(head: bytes) -> bool:
    """Whether Pillow reads the file unchanged, unless a run continues into the next row."""
    return len(head) < _HEAD or (head[16] != 15 and not (head[1] and (head[7] == 15 or _spare_palette(head))))


def has_palette_alpha(head: bytes) -> bool:
    """Whether the picture has a palette with 32 bits an entry (field 4.3)."""
    return len(head) >= _HEAD and head[1] == 1 and head[2] & ~_RUNS == 1 and head[7] == 32 and head[16] == 8


def palette_alpha(head: bytes) -> bytes:
    """The alpha of each of 256 indices; an index without an entry is opaque. `head` includes the palette."""
    first, count = (int.from_bytes(head[at : at + 2], "little") for at in (3, 5))
    start = _HEAD + head[0]
    alphas = head[start + 3 : start + 4 * count : 4]
    return (b"\xff" * min(first, 256) + alphas)[:256].ljust(256, b"\xff")


def plain_tga(content: bytes) -> bytes:
    """The same picture without runs and without an unused palette, and with 16 bits instead of 15.

    If the runs end early, the converted file is too short.
    """
    head = bytearray(content[:_HEAD])
    if len(head) < _HEAD:
        return content
    start = _HEAD + head[0] + _palette_bytes(head)
    for depth in (7, 16):
        head[depth] = 16 if head[depth] == 15 else head[depth]
    rest = content[start:]
    if head[2] & _RUNS:
        head[2] &= ~_RUNS
        width, height = (int.from_bytes(head[at : at + 2], "little") for at in (12, 14))
        size = (head[16] + 7) // 8
        rest = _without_runs(rest, size, width * height * size)
    before = content[_HEAD:start]
    if _spare_palette(head):
        before = before[: head[0]]
        head[1] = 0
        head[3:8] = bytes(5)
    whole = bytes(head) + before + rest
    return _moved(whole, len(whole) - len(content))


def most_bytes(head: bytes) -> int:
    """The most bytes of a file with this header that are used: identification, palette, pixels, a byte for each run,
    and the areas of version 2."""
    width, height = (int.from_bytes(head[at : at + 2], "little") for at in (12, 14))
    return _HEAD + 255 + 65_535 * 4 + width * height * 5 + _AREAS


#: Bytes for the areas after the pixels in version 2.
_AREAS: Final = 1_000_000


def _spare_palette(head: bytes | bytearray) -> bool:
    """RGB and grey pictures may contain a palette as a suggestion (field 2)."""
    return head[1] == 1 and head[2] & ~_RUNS != 1


def _palette_bytes(head: bytes | bytearray) -> int:
    if not head[1]:
        return 0
    return int.from_bytes(head[5:7], "little") * ((head[7] + 7) // 8)


def _without_runs(packed: bytes, size: int, length: int) -> bytes:
    """`length` bytes of pixels of `size` bytes each, and the bytes after the runs."""
    pixels = bytearray()
    at = 0
    while len(pixels) < length and at < len(packed):
        count = (packed[at] & 127) + 1
        if packed[at] & 128:
            pixels += packed[at + 1 : at + 1 + size] * count
            at += 1 + size
        else:
            pixels += packed[at + 1 : at + 1 + size * count]
            at += 1 + size * count
    return bytes(pixels[:length]) + packed[at:]


def _moved(whole: bytes, by: int) -> bytes:
    """The file with `by` added to the footer's offset of the areas of version 2, which counts from the start of the
    file."""
    if not whole.endswith(_SIGNATURE):
        return whole
    at = len(whole) - _FOOTER
    offset = int.from_bytes(whole[at : at + 4], "little")
    moved = offset + by
    if not offset or not 0 < moved < 1 << 32:
        return whole
    return whole[:at] + moved.to_bytes(4, "little") + whole[at + 4 :]
