"""A message calls a file "damaged" only if an independent decoder refuses the file, too."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.second_decoder import Opinion, second_opinion
from pixelfleet.images.vips import MEMORY_PIXELS, pyvips
from tests.colour.heif_files import heic
from tests.colour.psd_files import planes, psd
from tests.colour.quarters import QUARTERS, picture

Run = Callable[..., Rendition]
REFUSAL = pyvips.Error("unable to call x", "VipsJpeg: Bogus")


def saved(code: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture().save(file, code, **options)
    return file.getvalue()


def overwritten(content: bytes, marker: bytes, behind: int, count: int) -> bytes:
    """Overwrites `count` bytes with zeros, `behind` bytes after the marker."""
    at = content.index(marker) + behind
    return content[:at] + bytes(count) + content[at + count :]


def with_unknown_critical_chunk() -> bytes:
    """PNG, third edition, 13.1: a decoder must refuse an unknown critical chunk; Pillow does not refuse the file."""
    whole = saved("PNG")
    chunk = b"ABCDabcd"
    return whole[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + whole[33:]


def refusal(tmp_path: Path, rendered: Run, content: bytes) -> PermanentError:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "a", {"format": "png"})
    return caught.value


@pytest.mark.parametrize(
    "content",
    [
        overwritten(saved("PNG"), b"IDAT", 6, 30),
        overwritten(saved("AVIF", quality=90), b"mdat", 4, 60),
        overwritten(saved("TIFF", compression="tiff_adobe_deflate"), b"II*\0", 8, 40),
        overwritten(saved("WEBP", quality=90), b"VP8 ", 8, 30),
    ],
    ids=["png", "avif", "tiff", "webp"],
)
def test_a_file_that_two_decoders_refuse_is_damaged(tmp_path: Path, rendered: Run, content: bytes) -> None:
    error = refusal(tmp_path, rendered, content)
    assert error.cause is Cause.UNREADABLE
    assert "damaged" in error.message


@pytest.mark.parametrize(
    "content",
    [
        overwritten(heic(1, 13), b"mdat", 8, 200),
        overwritten(psd(3, 8, planes(QUARTERS)), b"8BPS", 14, 8),
    ],
    ids=["heic", "psd"],
)
def test_no_file_is_called_damaged_without_a_second_decoder(tmp_path: Path, rendered: Run, content: bytes) -> None:
    error = refusal(tmp_path, rendered, content)
    assert error.cause in (Cause.UNREADABLE, Cause.UNSUPPORTED_FORMAT)
    assert "damaged" not in error.message


def test_a_file_that_the_second_decoder_reads_is_of_an_unsupported_kind(tmp_path: Path, rendered: Run) -> None:
    error = refusal(tmp_path, rendered, with_unknown_critical_chunk())
    assert error.cause is Cause.UNSUPPORTED_FORMAT
    assert "other programs show it" in error.message


def test_a_file_that_is_too_large_for_a_second_decoder_gets_no_opinion(tmp_path: Path) -> None:
    Image.new("1", (MEMORY_PIXELS // 1000 + 1, 1000)).save(tmp_path / "a", "PNG")
    assert second_opinion(tmp_path / "a", "png", REFUSAL) is Opinion.NONE


def test_a_fault_of_the_machine_gives_no_opinion(tmp_path: Path) -> None:
    """The file does not exist."""
    assert second_opinion(tmp_path / "gone", "png", REFUSAL) is Opinion.NONE


def test_a_decoder_that_has_refused_a_file_is_not_run_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(saved("PNG"))
    assert second_opinion(tmp_path / "a", "png", REFUSAL) is Opinion.READS
    assert second_opinion(tmp_path / "a", "png", OSError("broken")) is Opinion.NONE


@pytest.mark.parametrize("frames", [1, 3])
def test_every_frame_is_decoded(tmp_path: Path, frames: int) -> None:
    pictures = [picture().rotate(at) for at in range(frames)]
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:])
    (tmp_path / "a").write_bytes(file.getvalue())
    assert second_opinion(tmp_path / "a", "gif", REFUSAL) is Opinion.READS
