"""BMP with run-length encoding or unusual palettes (Microsoft, "Bitmap Compression"; OS/2 2.x), built byte by byte."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, ProcessingError
from pixelfleet.images.pipeline import Rendition

Run = Callable[..., Rendition]
PALETTE = ((255, 0, 255), (200, 40, 40), (40, 180, 60), (40, 60, 200))
RED, GREEN, BLUE = PALETTE[1:]
CLEAR = (0, 0, 0, 0)
END_OF_ROW, END = b"\0\0", b"\0\1"


def bmp(data: bytes, bits: int, compression: int, *, header: int = 40, colours: int = 4) -> bytes:
    """4 x 3 pixels; unused entries of the palette are purple."""
    fields = struct.pack("<IiiHHIIiiII", header, 4, 3, 1, bits, compression, len(data), 0, 0, colours, 0)
    head = fields[:header].ljust(header, b"\0")
    entries = [PALETTE[at] if at < len(PALETTE) else PALETTE[0] for at in range(colours)]
    palette = b"".join(bytes((blue, green, red, 0)) for red, green, blue in entries) if bits <= 8 else b""
    offset = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + head + palette + data


def rows(path: Path) -> list[list[tuple[int, ...]]]:
    with Image.open(path) as picture:
        whole = picture.convert("RGBA")
    return [[_pixel(whole.getpixel((x, y))) for x in range(whole.width)] for y in range(whole.height)]


def _pixel(value: object) -> tuple[int, ...]:
    assert isinstance(value, tuple)
    return CLEAR if value[3] == 0 else value if value[3] < 255 else value[:3]


RED_ROW, GREEN_ROW, BLUE_ROW = [RED] * 4, [GREEN] * 4, [BLUE] * 4


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # From the lowest row to the highest: a run and a literal; an empty row; a run.
        (
            bmp(b"\2\1\0\3\2\2\2\0" + END_OF_ROW + END_OF_ROW + b"\4\3" + END, 8, 1),
            [BLUE_ROW, [CLEAR] * 4, [RED, RED, GREEN, GREEN]],
        ),
        # A move of 1 to the right and 1 up, then an early end.
        (bmp(b"\1\1\0\2\1\1\2\2" + END, 8, 1), [[CLEAR] * 4, [CLEAR, CLEAR, GREEN, GREEN], [RED, CLEAR, CLEAR, CLEAR]]),
        # Runs that alternate the two halves of a byte; a literal of 3 pixels.
        (
            bmp(b"\4\x12" + END_OF_ROW + b"\4\x22" + END_OF_ROW + b"\0\3\x12\x30\1\x30" + END, 4, 2),
            [[RED, GREEN, BLUE, BLUE], GREEN_ROW, [RED, GREEN, RED, GREEN]],
        ),
        # OS/2: runs of pixels of three bytes.
        (
            bmp(
                b"\4" + bytes(RED[::-1]) + END_OF_ROW + b"\4" + bytes(GREEN[::-1]) + END_OF_ROW
                + b"\0\4" + bytes(BLUE[::-1]) * 4 + END, 24, 4, header=64,
            ),
            [BLUE_ROW, GREEN_ROW, RED_ROW],
        ),
        # A run that is longer than its row is cut.
        (bmp(b"\x09\1" + END_OF_ROW + b"\4\2" + END_OF_ROW + b"\4\3" + END, 8, 1), [BLUE_ROW, GREEN_ROW, RED_ROW]),
        # Two bits a pixel, a format of Windows CE.
        (bmp(b"\x1b\0\0\0\xaa\0\0\0\xff\0\0\0", 2, 0), [BLUE_ROW, GREEN_ROW, [PALETTE[0], RED, GREEN, BLUE]]),
        # The shortest header of OS/2.
        (bmp(b"\1\1\1\1\2\2\2\2\3\3\3\3", 8, 0, header=16, colours=256), [BLUE_ROW, GREEN_ROW, RED_ROW]),
        # More colours than an index can address.
        (bmp(b"\1\1\1\1\2\2\2\2\3\3\3\3", 8, 0, colours=300), [BLUE_ROW, GREEN_ROW, RED_ROW]),
    ],
    ids=["empty row", "move", "RLE4", "RLE24", "long run", "two bits", "short header", "300 colours"],
)  # fmt: skip
def test_runs_and_unusual_palettes_are_read(
    tmp_path: Path, rendered: Run, content: bytes, expected: list[list[tuple[int, ...]]]
) -> None:
    (tmp_path / "a.bmp").write_bytes(content)
    [variant] = rendered(tmp_path / "a.bmp", {"format": "png"}).variants
    assert rows(variant.path) == expected


def test_runs_without_an_end_are_truncated(tmp_path: Path, rendered: Run) -> None:
    (tmp_path / "a.bmp").write_bytes(bmp(b"\4\1" + END_OF_ROW + b"\4\2", 8, 1))
    with pytest.raises(ProcessingError) as error:
        rendered(tmp_path / "a.bmp", {"format": "png"})
    assert error.value.cause is Cause.TRUNCATED
    [variant] = rendered(tmp_path / "a.bmp", {"format": "png"}, accept_truncated=True).variants
    assert rows(variant.path) == [[CLEAR] * 4, GREEN_ROW, RED_ROW]
