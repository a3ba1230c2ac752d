"""An interlaced PNG with damaged pixels: libvips gives no reason; the fault is in the file, not in the machine."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips

from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.images.containers.png_pixels import fault_of_pixels
from pixelfleet.images.open import guarded
from pixelfleet.images.pipeline import Rendition
from tests.images.bombs.makers import chunk, png

Run = Callable[..., Rendition]
THUMB = {"box": 32, "format": "webp"}


def interlaced(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.png"
    pyvips.Image.gaussnoise(60, 40).cast("uchar").pngsave(str(path), interlace=True)
    return path.read_bytes()


def with_pixels(packed: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


#: Rows of the seven passes of 8 x 8 grey pixels (PNG, third edition, 8.1), each row after its filter byte.
ROWS = b"".join(b"\0" + bytes(n) for n in (1, 1, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 8, 8, 8))


@pytest.mark.parametrize(
    "content",
    [
        png(64, 64, interlaced=True),
        with_pixels(zlib.compress(b"\7" + ROWS[1:])),
        with_pixels(zlib.compress(ROWS[:-9])),
        with_pixels(b"\0\0" + zlib.compress(ROWS)[2:]),
        with_pixels(zlib.compress(ROWS)[:-4]),
    ],
    ids=["not-interlaced", "no-such-filter", "rows-missing", "no-zlib-head", "no-checksum"],
)
def test_an_interlaced_png_with_damaged_pixels_is_unreadable(tmp_path: Path, rendered: Run, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "a.png", THUMB)
    assert caught.value.cause is Cause.UNREADABLE
    assert "pixels" in caught.value.message or "row" in caught.value.message


def test_a_flipped_byte_in_an_interlaced_png_is_the_files_fault(tmp_path: Path, rendered: Run) -> None:
    content = bytearray(interlaced(tmp_path))
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "a.png", THUMB)
    assert caught.value.cause is Cause.UNREADABLE


def test_an_interlaced_png_that_breaks_off_is_truncated(tmp_path: Path, rendered: Run) -> None:
    content = interlaced(tmp_path)
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "a.png", THUMB)
    assert caught.value.cause is Cause.TRUNCATED


@pytest.mark.parametrize("interlace", [True, False])
@pytest.mark.parametrize(("bands", "bits"), [(1, 1), (1, 4), (1, 8), (2, 8), (3, 8), (4, 16)])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (1, 9), (9, 1), (33, 20)])
def test_undamaged_pixels_of_every_kind_have_no_fault(
    tmp_path: Path, size: tuple[int, int], bands: int, bits: int, interlace: bool
) -> None:
    image = (pyvips.Image.black(*size, bands=bands) + 7).cast("ushort" if bits == 16 else "uchar")
    image.pngsave(str(tmp_path / "a.png"), interlace=interlace, bitdepth=bits)
    assert fault_of_pixels(tmp_path / "a.png") is None


def test_an_error_without_a_reason_on_undamaged_pixels_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(interlaced(tmp_path))
    with pytest.raises(TransientError) as caught, guarded(tmp_path / "a.png", "png"):
        raise pyvips.Error("unable to copy to memory")
    assert caught.value.cause is Cause.CRASHED
