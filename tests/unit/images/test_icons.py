"""The limits apply to the size of the picture inside a file, even if the outer header gives another size."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe

LIMITS = Limits(max_bytes=10**9, max_pixels=10**9, max_frames=20)


def blp_of_jpeg(declared: tuple[int, int], actual: tuple[int, int], *, head: int = 0) -> bytes:
    """A BLP1 whose pixels are a JPEG; the first `head` bytes of the JPEG are in the common header."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    jpeg = bytearray(file.getvalue())
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", actual[1], actual[0])
    begins = 28 + 64 + 64 + 4 + head
    fields = struct.pack("<iIIIiI", 0, 0, *declared, 5, 0)
    offsets, lengths = (begins, *[0] * 15), (len(jpeg) - head, *[0] * 15)
    return b"BLP1" + fields + struct.pack("<16I16II", *offsets, *lengths, head) + bytes(jpeg)


@pytest.mark.parametrize("head", [0, 10, 200])
def test_a_blp_of_a_much_larger_jpeg_is_refused_before_it_is_decoded(tmp_path: Path, head: int) -> None:
    path = tmp_path / "a.blp"
    path.write_bytes(blp_of_jpeg((64, 64), (14_000, 14_000), head=head))
    with pytest.raises(PermanentError, match="14,000 x 14,000") as refused:
        probe(path, LIMITS)
    assert refused.value.cause is Cause.TOO_MANY_PIXELS


@pytest.mark.parametrize("size", [(16, 16), (8_000, 8_000)])
def test_a_blp_with_a_jpeg_of_its_size_has_only_the_limits_of_the_lane(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "a.blp"
    path.write_bytes(blp_of_jpeg(size, size))
    assert (probe(path, LIMITS).width, probe(path, LIMITS).height) == size
