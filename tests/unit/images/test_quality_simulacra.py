"""A target on the scale of SSIMULACRA2: the setting that is chosen, its score, and the pixels that are compared."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyjpegxl
import pytest
import ssimulacra2
from PIL import Image

from pixelfleet.domain.scores import Score, check_scores, score_of
from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.images.quality import simulacra as module
from pixelfleet.images.quality.simulacra import simulacra, simulacra_sample
from pixelfleet.images.vips import pyvips, ready
from pixelfleet.recipes import Metric
from pixelfleet.samples.scene import scene

Save = Callable[..., Path]
Run = Callable[..., Rendition]


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene((260, 256), "forest", "simulacra")


def target(score: float, **more: Any) -> dict[str, Any]:
    return {"quality": {"target": score, "metric": "ssimulacra2", "min": 1, "max": 100} | more}


def by_the_package(picture: Image.Image, variant: RenderedVariant) -> float:
    original = io.BytesIO()
    picture.save(original, "PNG")
    original.seek(0)
    shown = io.BytesIO()
    if variant.format == "jxl":
        Image.fromarray(pyjpegxl.decode_to_numpy(variant.path.read_bytes())[1]).save(shown, "PNG")
    else:
        with Image.open(variant.path) as decoded:
            decoded.convert("RGB").save(shown, "PNG")
    shown.seek(0)
    return float(ssimulacra2.compute_ssimulacra2(original, shown))


@pytest.mark.parametrize("name", ["jpeg", "avif", "jxl"])
def test_the_file_has_the_score_that_was_asked_for_by_the_package_itself(
    save: Save, rendered: Run, photo: Image.Image, name: str
) -> None:
    [variant] = rendered(save(photo, "PNG"), {"format": name, **target(70)}).variants
    assert variant.ssim is None
    assert variant.ssimulacra2 is not None
    assert variant.ssimulacra2 >= 70
    # The picture is its own sample. The file is progressive or decoded by Pillow, whose rounding differs by little.
    assert by_the_package(photo, variant) == pytest.approx(variant.ssimulacra2, abs=0.5)


def test_where_the_target_is_out_of_reach_the_highest_setting_is_used_with_its_score(
    save: Save, rendered: Run, photo: Image.Image
) -> None:
    [variant] = rendered(save(photo, "PNG"), {"format": "jpeg", **target(99, min=20, max=40)}).variants
    assert variant.quality == 40
    assert variant.ssimulacra2 is not None
    assert variant.ssimulacra2 < 80
    with pytest.raises(PermanentError, match=r"less than the 75\.00 \(SSIMULACRA2\) that its batch asks for") as error:
        check_scores([variant], Score(Metric.SSIMULACRA2, 75))
    assert error.value.cause is Cause.BELOW_QUALITY
    check_scores([variant], Score(Metric.SSIM, 0.99))
    assert str(score_of(variant)) == f"SSIMULACRA2 {variant.ssimulacra2:.2f}"


def test_a_small_picture_with_alpha_has_a_score_too_and_a_picture_of_a_few_pixels_has_none(
    save: Save, rendered: Run, photo: Image.Image
) -> None:
    clear = photo.resize((60, 40)).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    [variant] = rendered(save(clear, "PNG"), {"format": "webp", **target(60)}).variants
    assert variant.ssimulacra2 is not None
    assert variant.ssimulacra2 >= 60
    [tiny] = rendered(save(photo, "PNG"), {"box": 9, "format": "jpeg", **target(60, max=77)}).variants
    assert (tiny.quality, tiny.ssimulacra2) == (77, None)


@pytest.mark.parametrize(
    ("size", "sample"),
    [
        ((2000, 1500), (512, 256)),
        ((260, 5000), (512, 256)),
        ((300, 200), (300, 200)),
        ((5000, 60), (2176, 60)),
        ((20, 5000), (20, 5000)),
    ],
)
def test_the_sample_has_at_most_two_squares_of_pixels(size: tuple[int, int], sample: tuple[int, int]) -> None:
    ready()
    image = pyvips.Image.black(*size, bands=3).copy(interpretation="srgb")
    pixels = simulacra_sample(image)
    assert (pixels.width, pixels.height) == sample


def test_equal_pictures_have_the_score_100_and_a_grey_picture_is_compared_as_grey() -> None:
    ready()
    grey = pyvips.Image.gaussnoise(64, 300, sigma=60).cast("uchar").copy(interpretation="b-w").copy_memory()
    assert simulacra(grey, grey) == 100
    assert simulacra(grey, grey.gaussblur(1)) < 60


def test_without_the_extra_the_image_fails_and_the_message_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, save: Save, rendered: Run, photo: Image.Image
) -> None:
    module._library.cache_clear()
    monkeypatch.setitem(sys.modules, "ssimulacra2", None)
    with pytest.raises(PermanentError, match=r"pip install 'pixelfleet\[ssimulacra2\]'") as error:
        rendered(save(photo, "PNG"), {"format": "jpeg", **target(70)})
    assert error.value.cause is Cause.RECIPE_UNFIT
    module._library.cache_clear()
