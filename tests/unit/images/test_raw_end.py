"""A camera raw breaks off if the file ends before the samples that its head declares."""

import struct

import pytest

from pixelfleet.images.containers.raw_end import ends_before_its_samples
from tests.colour.raw_files import dng, preview_of

WIDTH, HEIGHT, MAKE, COMPRESSION, STARTS, LENGTHS, PHOTOMETRIC = 256, 257, 271, 259, 273, 279, 262
FILTER_ARRAY = 32_803
#: 40 x 20 samples from the offset 200. With a byte for each sample, the file has 1,000 bytes.
SENSOR = {WIDTH: 40, HEIGHT: 20, PHOTOMETRIC: FILTER_ARRAY, STARTS: 200}


def ends(content: bytes, size: int) -> bool:
    whole = content.ljust(size, b"\1")[:size]
    return ends_before_its_samples(lambda offset, count: whole[offset : offset + count], size)


def raf(preview: tuple[int, int], samples: tuple[int, int]) -> bytes:
    return b"FUJIFILMCCD-RAW 0201".ljust(84, b"0") + struct.pack(">II8xII", *preview, *samples)


def tiff(fields: dict[int, int], magic: bytes = b"II*\0") -> bytes:
    """One directory of numbers; a text of four letters is its number, too."""
    entries = b"".join(
        struct.pack("<HHII", tag, 2 if tag == MAKE else 4, 4 if tag == MAKE else 1, value)
        for tag, value in sorted(fields.items())
    )
    return magic + struct.pack("<IH", 8, len(fields)) + entries + bytes(4)


def sony(compression: int, length: int = 800) -> bytes:
    return tiff(SENSOR | {MAKE: int.from_bytes(b"SONY", "little"), COMPRESSION: compression, LENGTHS: length})


def of_jpeg(length: int) -> bytes:
    """Samples in lossless JPEG (compression 7, DNG 1.4)."""
    return tiff(SENSOR | {COMPRESSION: 7, LENGTHS: length})


def panasonic(kind: int) -> bytes:
    return tiff({2: 40, 3: 20, 0x2D: kind, STARTS: 0xFFFFFFFF, LENGTHS: 9_999, 0x118: 200}, b"IIU\0")


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (dng(preview=preview_of(64, 48)), len(dng(preview=preview_of(64, 48)))),
        (raf((200, 100), (300, 700)), 993),
        (panasonic(4), 1_000),
        (sony(32767), 1_000),
        (of_jpeg(900), 1_100),
    ],
    ids=["dng", "raf", "rw2", "arw", "jpeg"],
)
def test_one_byte_less_than_the_samples_is_too_little(content: bytes, size: int) -> None:
    assert not ends(content, size)
    assert ends(content, size - 1)


def test_a_crw_and_an_x3f_end_with_the_offset_of_their_directory() -> None:
    crw = (b"II\x1a\0\0\0HEAPCCDR".ljust(26, b"\1") + b"samples" * 20).ljust(200, b"\xff") + struct.pack("<I", 150)
    x3f = b"FOVb".ljust(100, b"\xff") + b"SECd" + bytes(20) + struct.pack("<I", 100)
    for whole in (crw, x3f):
        assert not ends(whole, len(whole))
        assert ends(whole, len(whole) - 10)


@pytest.mark.parametrize(
    "content",
    [
        sony(1),
        # The first compression of Sony has the same number; its length is not that of a byte a sample.
        sony(32767, 700),
        # Hasselblad's compressed 3FR has the length without compression: width x height x 2 (ExifTool, issue 476).
        of_jpeg(40 * 20 * 2),
        panasonic(8),
        tiff({STARTS: 200, LENGTHS: 800}),
        b"\0MRM",
        b"",
    ],
    ids=["sony", "sony, compressed", "3fr", "rw2", "preview", "mrw", "empty"],
)
def test_lengths_that_makers_write_differently_are_not_used(content: bytes) -> None:
    assert not ends(content, 300)


def test_a_cr2_has_its_samples_in_the_fourth_directory() -> None:
    def directory(at: int, following: int) -> bytes:
        return struct.pack("<H", 2) + struct.pack("<HHIIHHIII", STARTS, 4, 1, 500, LENGTHS, 4, 1, at, following)

    content = b"II*\0\x10\0\0\0CR\2\0\0\0\0\0" + b"".join(
        directory(500 if at == 3 else 9_999, 16 + 30 * (at + 1) if at < 3 else 0) for at in range(4)
    )
    assert not ends(content, 1_000)
    assert ends(content, 999)
