"""A JPEG 2000 file that Pillow would decode to wrong pixels is refused, and the message gives the reason."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.containers.jp2_contrast import half_contrast
from pixelfleet.images.pipeline import Rendition
from tests.colour.jpeg2000_files import jp2_of_other_order, jp2_of_space
from tests.colour.quarters import QUARTERS, picture

Run = Callable[..., Rendition]
FIXTURES = Path(__file__).parents[2] / "fixtures" / "images"


def codestream(size: tuple[int, int] = (64, 48)) -> bytearray:
    file = io.BytesIO()
    picture().resize(size).save(file, "JPEG2000", no_jp2=True, irreversible=False)
    return bytearray(file.getvalue())


def subsampled(content: bytearray) -> bytes:
    """The steps of the second and the third component are 2 (T.800, A.5.1)."""
    content[46:48] = content[49:51] = b"\2\2"
    return bytes(content)


def refusal(tmp_path: Path, rendered: Run, content: bytes) -> PermanentError:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "a", {"format": "png"})
    return caught.value


def test_black_and_white_of_sixteen_bits_are_distinguished(tmp_path: Path, rendered: Run) -> None:
    """Half the contrast of the same codestream shows black, white and grey, lossy or lossless."""
    content = bytearray((FIXTURES / "white-16bit.jp2").read_bytes())
    start = content.index(b"\xff\x4f\xff\x51")
    half = half_contrast(bytes(content[start:]))
    assert half is not None
    with Image.open(io.BytesIO(half)) as opened:
        assert opened.getpixel((16, 12)) == (192, 192, 192)


def test_a_codestream_with_two_ways_of_coding_is_refused() -> None:
    """One component is coded without quantization, another component with quantization."""
    whole = bytes(codestream())
    at = whole.index(b"\xff\x5c")
    mixed = whole[:at] + b"\xff\x5d\0\6\1\x42\x10\0" + whole[at:]
    assert half_contrast(mixed) is None


@pytest.mark.parametrize("size", [(63, 48), (64, 47)])
def test_subsampled_colours_of_odd_size_are_refused(tmp_path: Path, rendered: Run, size: tuple[int, int]) -> None:
    error = refusal(tmp_path, rendered, subsampled(codestream(size)))
    assert error.cause is Cause.UNSUPPORTED_FORMAT
    assert "subsampled" in error.message


def test_ycbcr_with_components_in_another_order_is_refused(tmp_path: Path, rendered: Run) -> None:
    content = jp2_of_other_order()
    at = content.index(b"colr") + 7
    error = refusal(tmp_path, rendered, content[:at] + struct.pack(">I", 18) + content[at + 4 :])
    assert error.cause is Cause.UNSUPPORTED_FORMAT
    assert "YCbCr" in error.message


def test_the_error_names_the_number_of_components(tmp_path: Path, rendered: Run) -> None:
    content = codestream()
    content[40:42] = b"\0\5"
    error = refusal(tmp_path, rendered, bytes(content))
    assert error.cause is Cause.UNSUPPORTED_FORMAT
    assert "5 components" in error.message


def test_a_grey_picture_of_odd_size_is_read(tmp_path: Path, rendered: Run) -> None:
    picture().convert("L").resize((63, 47)).save(tmp_path / "a", "JPEG2000")
    with Image.open(rendered(tmp_path / "a", {"format": "png"}).variants[0].path) as opened:
        assert opened.size == (63, 47)


@pytest.mark.parametrize("space", [1, 9, 13, 20, 21])
def test_an_enumerated_colour_space_without_a_rule_is_refused(tmp_path: Path, rendered: Run, space: int) -> None:
    """YCbCr of another range, PhotoYCC, YCCK, e-sRGB, ROMM RGB (T.801, M.11.7.3): the samples are not RGB values."""
    refused = refusal(tmp_path, rendered, jp2_of_space(space, QUARTERS))
    assert (refused.cause, str(space) in str(refused)) == (Cause.UNSUPPORTED_FORMAT, True)
