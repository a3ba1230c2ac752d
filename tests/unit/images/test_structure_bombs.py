"""Files with endless lists are refused before a decoder reads the lists; ordinary and circular lists pass."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.images.structure_bombs import MAX_BLOCKS, check_structure
from pixelfleet.images.time_allowed import seconds_allowed

LIMITS = Limits(max_bytes=10**9, max_pixels=10**9, max_frames=20)


def webp(frames: int, others: int = 0) -> bytes:
    """Frames of one pixel, each with a picture of some 30 bytes, and after the frames other chunks without content."""
    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, "WEBP", lossless=True)
    picture = file.getvalue()[12:]
    frame = _chunk(b"ANMF", bytes(12) + b"\1\0\0\0" + picture)
    body = b"WEBP" + _chunk(b"VP8X", b"\2" + bytes(9)) + _chunk(b"ANIM", bytes(6)) + frame * frames
    body += _chunk(b"XXXX", b"") * others
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def tiff(directories: int, last: int = 0, *, order: str = "<", big: bool = False) -> bytes:
    """A chain of directories of one entry each; the last directory points at `last`."""
    mark = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    first, size = (16, 8 + 20 + 8) if big else (8, 2 + 12 + 4)
    head = mark + (struct.pack(f"{order}HHQ", 8, 0, first) if big else struct.pack(f"{order}I", first))
    chain = []
    for number in range(directories):
        following = last if number == directories - 1 else first + size * (number + 1)
        packed = (1, 256, 3, 1, 1, following)
        chain.append(struct.pack(f"{order}QHHQQQ" if big else f"{order}HHHIII", *packed))
    return head + b"".join(chain)


def icns(blocks: int) -> bytes:
    body = b"ic10" + struct.pack(">I", 8)
    return b"icns" + struct.pack(">I", 8 + len(body) * blocks) + body * blocks


def boxes(number: int, box: bytes = struct.pack(">I", 8) + b"free") -> bytes:
    return struct.pack(">I", 24) + b"ftypavif\0\0\0\0avifmif1" + box * (number - 1)


def _check(content: bytes, name: str, folder: Path) -> None:
    path = folder / "file"
    path.write_bytes(content)
    check_structure(path, name, LIMITS)


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("webp", webp(21), Cause.TOO_MANY_FRAMES),
        ("webp", webp(1, MAX_BLOCKS), Cause.TOO_MUCH_METADATA),
        ("webp", webp(21, 100_000), Cause.TOO_MANY_FRAMES),
        ("webp", webp(20, 100_000), Cause.TOO_MUCH_METADATA),
        ("tiff", tiff(81), Cause.TOO_MANY_FRAMES),
        ("tiff", tiff(81, order=">"), Cause.TOO_MANY_FRAMES),
        ("tiff", tiff(81, big=True), Cause.TOO_MANY_FRAMES),
        ("tiff", tiff(81, order=">", big=True), Cause.TOO_MANY_FRAMES),
        ("icns", icns(MAX_BLOCKS + 1), Cause.TOO_MUCH_METADATA),
        ("avif", boxes(MAX_BLOCKS + 1), Cause.TOO_MUCH_METADATA),
        ("heic", boxes(MAX_BLOCKS + 1, struct.pack(">I4sQ", 1, b"free", 16)), Cause.TOO_MUCH_METADATA),
    ],
)
def test_a_list_that_is_too_long_is_refused(name: str, content: bytes, cause: Cause, tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as refused:
        _check(content, name, tmp_path)
    assert refused.value.cause is cause


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("webp", webp(20)),
        ("webp", webp(20, MAX_BLOCKS - 2)),
        ("tiff", tiff(80)),
        ("tiff", tiff(80, big=True)),
        ("tiff", tiff(2, last=8)),
        ("tiff", tiff(1, last=0x7FFF_FFFF)),
        ("icns", icns(MAX_BLOCKS)),
        ("icns", b"icns" + bytes(100)),
        ("avif", boxes(MAX_BLOCKS)),
        ("avif", boxes(2, bytes(100))),
        ("jpeg", b"\xff\xd8"),
    ],
)
def test_a_list_within_its_bound_and_a_circular_list_pass(name: str, content: bytes, tmp_path: Path) -> None:
    _check(content, name, tmp_path)


def test_a_probe_refuses_a_file_before_a_decoder_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "many.webp"
    path.write_bytes(webp(300_000))
    with pytest.raises(PermanentError) as refused:
        probe(path, LIMITS)
    assert refused.value.cause is Cause.TOO_MANY_FRAMES


def test_the_allowed_time_grows_with_the_size_of_the_file() -> None:
    """A tiny drawing is allowed minutes; a gigapixel is allowed more than the eleven hours of the heavy lane."""
    assert seconds_allowed(300) == pytest.approx(900, abs=1)
    assert seconds_allowed(300, 9_000_000) == pytest.approx(1_980, abs=1)
    assert seconds_allowed(200_000_000, 960_000_000) > 39_600
    assert seconds_allowed(20_000_000_000) == pytest.approx(20_900)


HUGE = 2**64 - 1


@pytest.mark.parametrize(
    ("format_name", "content"),
    [
        ("heic", b"\0\0\0\1ftyp" + struct.pack(">Q", HUGE) + bytes(8)),
        ("avif", b"\0\0\0\1ftyp" + struct.pack(">Q", 2**63 - 1) + bytes(8)),
        ("icns", b"icns\0\0\0\x18icp4\xff\xff\xff\xff" + bytes(8)),
        ("tiff", b"II+\0" + struct.pack("<HHQ", 8, 0, HUGE) + bytes(8)),
        ("tiff", b"II+\0" + struct.pack("<HHQ", 8, 0, 16) + struct.pack("<Q", HUGE) + bytes(8)),
        ("webp", b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff" + bytes(8)),
    ],
)
def test_a_size_larger_than_any_disk_ends_the_list(tmp_path: Path, format_name: str, content: bytes) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content)
    check_structure(path, format_name, LIMITS)
