"""A camera raw is developed with its colours, or rendered from its preview if the preview is large enough."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.probe import probe
from tests.colour.quarters import QUARTERS, differences, middles
from tests.colour.raw_files import SEEN, dng, preview_of

Run = Callable[..., Rendition]
DEVELOP = {"format": "png", "raw": "develop"}
PREVIEW = {"format": "png"}
SENSOR = [(*colour, 255) for colour in SEEN]
EMBEDDED = [(*colour, 255) for colour in QUARTERS]
#: The order of the quarters after a rotation by 90 degrees to the right (EXIF orientation 6).
RIGHT = (2, 0, 3, 1)
LIMITS = Limits(max_bytes=10_000_000, max_pixels=2_000_000, max_frames=50)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / "a.dng"
        path.write_bytes(content)
        return path

    return save


def shown(rendition: Rendition, at: int = 0) -> Image.Image:
    with Image.open(rendition.variants[at].path) as opened:
        opened.load()
        return opened


def test_a_developed_raw_has_the_colours_of_the_sensor(rendered: Run, write: Callable[[bytes], Path]) -> None:
    picture = shown(rendered(write(dng()), DEVELOP))
    assert picture.size == (64, 48)
    assert not differences(middles(picture), SENSOR, 2)


def test_sixteen_bits_are_developed(rendered: Run, write: Callable[[bytes], Path]) -> None:
    """A variant of 16 bits is developed even if the preview is large enough: a preview has 8 bits."""
    path = write(dng(preview=preview_of(64, 48)))
    with Image.open(rendered(path, {"format": "tiff", "depth": 16}).variants[0].path) as opened:
        assert opened.tag_v2[258] == (16, 16, 16)  # type: ignore[attr-defined]
    assert not differences(middles(shown(rendered(path, PREVIEW | {"depth": 16}))), SENSOR, 2)


def test_a_preview_that_is_large_enough_is_used(rendered: Run, write: Callable[[bytes], Path]) -> None:
    picture = shown(rendered(write(dng(128, 96, preview=preview_of(64, 48))), PREVIEW | {"box": 64}))
    assert picture.size == (64, 48)
    assert not differences(middles(picture), EMBEDDED, 6)


def test_a_preview_that_is_too_small_is_not_used(rendered: Run, write: Callable[[bytes], Path]) -> None:
    picture = shown(rendered(write(dng(128, 96, preview=preview_of(64, 48))), PREVIEW | {"box": 65}))
    assert not differences(middles(picture), SENSOR, 6)


def test_a_recipe_may_develop_a_raw_with_a_preview(rendered: Run, write: Callable[[bytes], Path]) -> None:
    picture = shown(rendered(write(dng(128, 96, preview=preview_of(64, 48))), DEVELOP | {"box": 32}))
    assert not differences(middles(picture), SENSOR, 6)


def test_a_preview_of_another_shape_is_not_used(rendered: Run, write: Callable[[bytes], Path]) -> None:
    picture = shown(rendered(write(dng(128, 96, preview=preview_of(96, 54))), PREVIEW | {"box": 32}))
    assert not differences(middles(picture), SENSOR, 6)


@pytest.mark.parametrize("variant", [DEVELOP, PREVIEW], ids=["developed", "preview"])
def test_a_raw_that_was_taken_upright_is_shown_upright(
    rendered: Run, write: Callable[[bytes], Path], variant: dict[str, object]
) -> None:
    path = write(dng(128, 96, orientation=6, preview=preview_of(128, 96)))
    assert (probe(path, LIMITS).width, probe(path, LIMITS).height) == (96, 128)
    picture = shown(rendered(path, variant))
    assert picture.size == (96, 128)
    colours = SENSOR if variant is DEVELOP else EMBEDDED
    assert not differences(middles(picture), [colours[at] for at in RIGHT], 6)


def test_a_preview_that_is_already_upright_is_not_rotated(rendered: Run, write: Callable[[bytes], Path]) -> None:
    path = write(dng(128, 96, orientation=6, preview=preview_of(96, 128)))
    picture = shown(rendered(path, PREVIEW))
    assert picture.size == (96, 128)
    assert not differences(middles(picture), EMBEDDED, 6)


def test_the_record_has_the_camera(write: Callable[[bytes], Path]) -> None:
    assert probe(write(dng()), LIMITS).camera == "Maker Model 1"


def test_a_raw_that_breaks_off_is_truncated(rendered: Run, write: Callable[[bytes], Path]) -> None:
    with pytest.raises(PermanentError) as caught:
        rendered(write(dng()[:-200]), DEVELOP)
    assert caught.value.cause is Cause.TRUNCATED


def test_a_raw_that_breaks_off_is_truncated_also_where_its_preview_is_whole(
    rendered: Run, write: Callable[[bytes], Path]
) -> None:
    with pytest.raises(PermanentError) as caught:
        rendered(write(dng(128, 96, preview=preview_of(64, 48))[:-200]), PREVIEW | {"box": 32})
    assert caught.value.cause is Cause.TRUNCATED


def test_a_raw_without_its_directory_is_truncated(rendered: Run, write: Callable[[bytes], Path]) -> None:
    """A CRW ends with its directory; LibRaw does not know a part of one."""
    with pytest.raises(PermanentError) as caught:
        rendered(write(b"II\x1a\0\0\0HEAPCCDR".ljust(500, b"\xff")), PREVIEW)
    assert caught.value.cause is Cause.TRUNCATED


def test_samples_that_cannot_be_decoded_are_damaged_and_show_no_earlier_image(
    rendered: Run, write: Callable[[bytes], Path]
) -> None:
    """LibRaw reports no error, and leaves the memory as it was."""
    whole = dng(640, 480)
    # Lossless JPEG (compression 7, DNG 1.4) instead of bare samples, which are no JPEG.
    damaged = whole.replace(struct.pack("<HHIHH", 259, 3, 1, 1, 0), struct.pack("<HHIHH", 259, 3, 1, 7, 0))
    assert damaged != whole
    for _ in range(2):
        rendered(write(whole), DEVELOP)
        with pytest.raises(PermanentError) as caught:
            rendered(write(damaged), DEVELOP)
        assert caught.value.cause is Cause.UNREADABLE


def test_a_raw_that_is_white_all_over_is_shown(rendered: Run, write: Callable[[bytes], Path]) -> None:
    """Light that is too much for the sensor gives equal samples."""
    picture = shown(rendered(write(dng(samples=struct.pack("<H", 16_383) * 64 * 48)), DEVELOP))
    assert not differences(middles(picture), [(255, 255, 255, 255)] * 4, 0)


def test_a_raw_of_an_unknown_kind_is_unsupported(rendered: Run, write: Callable[[bytes], Path]) -> None:
    with pytest.raises(PermanentError, match="export it") as caught:
        rendered(write(b"FUJIFILMCCD-RAW 0201" + bytes(500)), DEVELOP)
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT
