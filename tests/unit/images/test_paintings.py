"""SGI without end marks of rows and PCX with padded rows, built byte by byte. Other programs often write such files."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, ProcessingError
from pixelfleet.images.pipeline import Rendition

Run = Callable[..., Rendition]
RED, BLUE = (200, 40, 40), (40, 60, 200)


def sgi(size: int, *, cut: int = 0) -> bytes:
    """3 x 2 pixels, red above and blue below, the lowest row first. Each row is a run of 2 and a literal of 1, without
    the 0 that ends a row. `size`: bytes per sample."""
    head = struct.pack(">HBBHHHHII", 474, 1, size, 3, 3, 2, 3, 0, (1 << 8 * size) - 1).ljust(512, b"\0")
    rows = []
    for band in range(3):
        for colour in (BLUE, RED):
            sample = bytes((colour[band],)) * size
            mark = bytes(size - 1)
            rows.append(mark + b"\x02" + sample + mark + b"\x81" + sample)
    lengths = [len(row) for row in rows]
    starts = [512 + 48 + sum(lengths[:number]) for number in range(6)]
    return head + struct.pack(">12I", *starts, *lengths) + b"".join(rows)[: -cut or None]


def pcx(padding: int, *, version: int = 5) -> bytes:
    """3 x 2 pixels in three planes, with `padding` bytes after each row."""
    stride = 3 + padding
    head = struct.pack("<4B4H2H48xBBH", 10, version, 1, 8, 0, 0, 2, 1, 72, 72, 0, 3, stride).ljust(128, b"\0")
    rows = []
    for colour in (RED, BLUE):
        rows += [b"".join(bytes((0xC1, value)) for value in [sample] * 3 + [7] * padding) for sample in colour]
    return head + b"".join(rows)


def rows_of(path: Path) -> list[list[object]]:
    with Image.open(path) as picture:
        shown = picture.convert("RGB")
    return [[shown.getpixel((x, y)) for x in range(shown.width)] for y in range(shown.height)]


@pytest.mark.parametrize("content", [sgi(1), sgi(2), pcx(0), pcx(1), pcx(5), pcx(1, version=4)])
def test_rows_without_end_marks_and_with_padding_are_read(tmp_path: Path, rendered: Run, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    [variant] = rendered(tmp_path / "a", {"format": "png"}).variants
    assert rows_of(variant.path) == [[RED] * 3, [BLUE] * 3]


def test_a_row_that_breaks_off_is_truncated(tmp_path: Path, rendered: Run) -> None:
    (tmp_path / "a").write_bytes(sgi(1, cut=2))
    with pytest.raises(ProcessingError) as error:
        rendered(tmp_path / "a", {"format": "png"})
    assert error.value.cause is Cause.TRUNCATED
    [variant] = rendered(tmp_path / "a", {"format": "png"}, accept_truncated=True).variants
    assert variant.width == 3
