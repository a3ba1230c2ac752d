"""The palette of a JP2: the boxes `pclr` and `cmap` (ITU-T T.800, I.5.3.4 and I.5.3.5)."""

from typing import Final

from pixelfleet.images.containers.iso_boxes import Read, boxes, top_box

_MAX_ENTRIES: Final = 1024
_COLOURS: Final = 3


def jp2_palette(read: Read) -> bytes | None:
    """Red, green and blue of each entry, of 8 bits; None without a palette of three columns."""
    header = top_box(read, b"jp2h")
    parts = {kind: header[start:end] for kind, start, end in boxes(header)}
    pclr = parts.get(b"pclr", b"")
    if len(pclr) < 3:
        return None
    count, columns = int.from_bytes(pclr[:2], "big"), pclr[2]
    depths = [(depth & 0x7F) + 1 for depth in pclr[3 : 3 + columns]]
    widths = [(depth + 7) // 8 for depth in depths]
    if columns != _COLOURS or len(depths) < columns or not 0 < count <= _MAX_ENTRIES:
        return None
    order = _order(parts.get(b"cmap", b""))
    colours = bytearray()
    at = 3 + columns
    for _ in range(count):
        values = []
        for depth, width in zip(depths, widths, strict=True):
            values.append(int.from_bytes(pclr[at : at + width], "big") * 255 // ((1 << depth) - 1) & 255)
            at += width
        colours += bytes(values[column] for column in order)
    return bytes(colours)


def _order(cmap: bytes) -> list[int]:
    """The column of each channel: component (2 bytes), type (1: by palette), column."""
    columns = [cmap[at + 3] for at in range(0, len(cmap) - 3, 4) if cmap[at + 2] == 1][:_COLOURS]
    usual = list(range(_COLOURS))
    return columns if sorted(columns) == usual else usual
