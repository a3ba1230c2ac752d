"""JPEG XL is read with its depth, alpha, profile and metadata. Without the library, the message names the extra."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyjpegxl
import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images import readers
from pixelfleet.images.formats.table import format_named
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.probe import probe
from pixelfleet.samples.profile import wide_profile
from tests.colour.quarters import QUARTERS, SIZE, differences, middles, picture, rows
from tests.unit.images.test_format_table import jxl

Run = Callable[..., Rendition]
PNG = {"format": "png"}
EXPECTED = [(*colour, 255) for colour in QUARTERS]
LIMITS = Limits(max_bytes=10_000_000, max_pixels=2_000_000, max_frames=50)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / "a.jxl"
        path.write_bytes(content)
        return path

    return save


def shown(rendition: Rendition) -> Image.Image:
    with Image.open(rendition.variants[0].path) as opened:
        opened.load()
        return opened


def deep() -> bytes:
    """The quarters in 16 bits."""
    return pyjpegxl.encode_from_numpy(np.array(rows(QUARTERS), dtype=np.uint16) * 257, lossless=True)


def cause_of(rendered: Run, path: Path) -> Cause:
    with pytest.raises(PermanentError) as caught:
        rendered(path, PNG)
    return caught.value.cause


def test_the_colours_are_those_of_the_file(rendered: Run, write: Callable[[bytes], Path]) -> None:
    assert not differences(middles(shown(rendered(write(jxl(picture())), PNG))), EXPECTED, 0)


def test_sixteen_bits_become_eight_or_stay(rendered: Run, write: Callable[[bytes], Path]) -> None:
    path = write(deep())
    assert not differences(middles(shown(rendered(path, PNG))), EXPECTED, 0)
    assert probe(path, LIMITS).colour_space == "rgb16"
    assert shown(rendered(path, PNG | {"depth": 16})).size == SIZE


def test_transparency_stays(rendered: Run, write: Callable[[bytes], Path]) -> None:
    clear = [(*colour, 100) for colour in QUARTERS]
    made = shown(rendered(write(jxl(picture(tuple(clear), "RGBA"))), PNG))
    assert not differences(middles(made), clear, 0)


def test_a_grey_picture_stays_grey(rendered: Run, write: Callable[[bytes], Path]) -> None:
    path = write(jxl(picture(((60,), (120,), (180,), (240,)), "L")))
    assert probe(path, LIMITS).colour_space == "b-w"
    assert middles(shown(rendered(path, PNG)))[2] == (180, 180, 180, 255)


def test_the_profile_defines_the_colours(rendered: Run, write: Callable[[bytes], Path], tmp_path: Path) -> None:
    """The same samples with the same profile in a TIFF have the same colours."""
    encoded = pyjpegxl.encode(picture().tobytes(), *SIZE, lossless=True, num_channels=3, icc=wide_profile())
    picture().save(tmp_path / "a.tif", icc_profile=wide_profile())
    expected = middles(shown(rendered(tmp_path / "a.tif", PNG)))
    assert expected != EXPECTED
    assert not differences(middles(shown(rendered(write(encoded), PNG))), expected, 1)


def test_exif_reaches_the_record_and_the_variant(rendered: Run, write: Callable[[bytes], Path]) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Model 1"
    block = bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")
    path = write(pyjpegxl.encode(picture().tobytes(), *SIZE, lossless=True, num_channels=3, exif=block))
    assert probe(path, LIMITS).camera == "Maker Model 1"
    kept = shown(rendered(path, {"format": "jpeg", "metadata": "keep"})).getexif()
    assert kept[0x0110] == "Model 1"


def test_a_file_that_breaks_off_is_truncated(rendered: Run, write: Callable[[bytes], Path]) -> None:
    whole = pyjpegxl.encode(Image.effect_noise(SIZE, 90).tobytes(), *SIZE, lossless=True, num_channels=1)
    assert cause_of(rendered, write(whole[: len(whole) // 2])) is Cause.TRUNCATED


def test_nonsense_is_unreadable(rendered: Run, write: Callable[[bytes], Path]) -> None:
    assert cause_of(rendered, write(b"\xff\x0a" + bytes(range(200)))) is Cause.UNREADABLE


def test_colours_other_than_grey_and_rgb_are_unsupported(write: Callable[[bytes], Path]) -> None:
    inks = bytearray(wide_profile())
    inks[16:20] = b"CMYK"
    content = pyjpegxl.encode(picture().tobytes(), *SIZE, lossless=True, num_channels=3, icc=bytes(inks))
    with pytest.raises(PermanentError, match="CMYK") as caught:
        probe(write(content), LIMITS)
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT


class Bits:
    """Bits of a codestream, the lowest bit of each byte first (ISO/IEC 18181-1, B.2)."""

    def __init__(self) -> None:
        self._bits = ""

    def put(self, value: int, count: int) -> "Bits":
        self._bits += f"{value:0{count}b}"[::-1]
        return self

    def content(self) -> bytes:
        padded = self._bits + "0" * (-len(self._bits) % 8)
        return b"\xff\x0a" + bytes(int(padded[at : at + 8][::-1], 2) for at in range(0, len(padded), 8))


def head(*, moves: bool, preview: bool = False) -> bytes:
    """Sizes of 9 bits, then the metadata up to the bit that declares an animation (annex D)."""
    bits = Bits().put(0, 1).put(0, 2).put(47, 9).put(0, 3).put(0, 2).put(63, 9)
    bits.put(0, 1).put(1, 1).put(0, 3).put(0, 1).put(preview, 1)
    if preview:
        bits.put(1, 1).put(2, 2).put(3, 5).put(1, 3)
    return bits.put(moves, 1).put(0, 40).content()


@pytest.mark.parametrize("preview", [False, True])
def test_an_animation_is_unsupported(write: Callable[[bytes], Path], preview: bool) -> None:
    with pytest.raises(PermanentError, match="animated") as caught:
        probe(write(head(moves=True, preview=preview)), LIMITS)
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT


def test_an_animation_in_a_container_is_unsupported(write: Callable[[bytes], Path]) -> None:
    content = head(moves=True)
    box = (12 + len(content)).to_bytes(4, "big") + b"jxlp" + bytes(4) + content
    with pytest.raises(PermanentError, match="animated"):
        probe(write(b"\0\0\0\x0cJXL \r\n\x87\n" + box), LIMITS)


def test_a_still_picture_is_not_an_animation(write: Callable[[bytes], Path]) -> None:
    with pytest.raises(PermanentError, match="cannot be decoded") as caught:
        probe(write(head(moves=False)), LIMITS)
    assert caught.value.cause is Cause.UNREADABLE


def test_without_the_library_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    readers._reader.cache_clear()
    monkeypatch.setitem(sys.modules, "pyjpegxl", None)
    monkeypatch.delitem(sys.modules, "pixelfleet.images.readers.jpegxl", raising=False)
    try:
        with pytest.raises(PermanentError, match=r"pixelfleet\[jxl\]") as caught:
            readers.reader_of(format_named("jxl"))
    finally:
        readers._reader.cache_clear()
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT
