"""Steps of other packages in the engine: their pixels, and everything that they may do wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import Rendition
from tests.step_packages import DUOTONE, ODD, StepPackages, step_packages

__all__ = ["step_packages"]

Save = Callable[..., Path]
Run = Callable[..., Rendition]


@pytest.fixture(autouse=True)
def packages(step_packages: StepPackages) -> StepPackages:
    step_packages.install("duotone", DUOTONE.read_text())
    step_packages.install("odd", ODD)
    return step_packages


def refusal(run: Run, source: Path, how: str) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        run(source, {"steps": [{"name": "odd", "how": how}]})
    return caught.value


def test_a_step_changes_the_pixels_by_its_options(save: Save, rendered: Run) -> None:
    ramp = Image.new("RGB", (3, 1))
    ramp.putdata([(0, 0, 0), (128, 128, 128), (255, 255, 255)])
    step = {"name": "duotone", "dark": "#100000", "light": "#30f0ff"}
    [variant] = rendered(save(ramp, "PNG"), {"format": "png", "steps": [step]}).variants
    # On the line between the two colours: dark + (light - dark) x 128 / 255.
    assert list(Image.open(variant.path).get_flattened_data()) == [(16, 0, 0), (32, 120, 128), (48, 240, 255)]


def test_a_grey_picture_comes_as_srgb_and_alpha_stays(save: Save, rendered: Run) -> None:
    step = {"name": "duotone", "dark": "#f00", "light": "#f00"}
    grey = Image.new("LA", (2, 2), (90, 77))
    [variant] = rendered(save(grey, "PNG"), {"format": "png", "steps": [step]}).variants
    assert set(Image.open(variant.path).get_flattened_data()) == {(255, 0, 0, 77)}


def test_steps_run_in_the_recipes_order_and_before_the_background(save: Save, rendered: Run) -> None:
    steps = [{"name": "duotone", "dark": "#f00", "light": "#f00"}, {"name": "duotone", "dark": "#00f", "light": "#00f"}]
    clear = Image.new("RGBA", (2, 2), (9, 9, 9, 0))
    fields = {"format": "png", "background": "#00ff00", "steps": steps}
    [variant] = rendered(save(clear, "PNG"), fields).variants
    assert set(Image.open(variant.path).convert("RGB").get_flattened_data()) == {(0, 255, 0)}
    [variant] = rendered(save(Image.new("RGB", (2, 2)), "PNG"), fields).variants
    assert set(Image.open(variant.path).convert("RGB").get_flattened_data()) == {(0, 0, 255)}


def test_a_step_may_change_the_size(save: Save, rendered: Run, quarters: Image.Image) -> None:
    [variant] = rendered(save(quarters, "PNG"), {"box": 40, "steps": [{"name": "odd", "how": "frame"}]}).variants
    assert (variant.width, variant.height) == Image.open(variant.path).size == (50, 30)


def test_every_frame_of_an_animation_is_changed(save: Save, rendered: Run) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("black", "white", "grey")]
    source = save(frames[0], "GIF", save_all=True, append_images=frames[1:])
    step = {"name": "duotone", "dark": "#00f", "light": "#f00"}
    [variant] = rendered(source, {"format": "webp", "lossless": True, "steps": [step]}).variants
    picture = Image.open(variant.path)
    assert variant.frames == picture.n_frames == 3  # type: ignore[attr-defined]
    for frame, colour in enumerate(((0, 0, 255), (255, 0, 0), (128, 0, 127))):
        picture.seek(frame)
        assert set(picture.convert("RGB").get_flattened_data()) == {colour}


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raises", "ValueError: no light at all"),
        ("ends", "it ended the process with 'bye'"),
        ("none", "it returned NoneType, not a pyvips.Image"),
        ("huge", "it returned an image of 16,000 x 16,000 for one of 80 x 40"),
        ("wide", "it returned an image of 20,000 x 10 for one of 80 x 40"),
        ("grey", "it returned 1 bands for 3"),
        ("float", "it returned samples of the type float"),
        ("late", "premature end"),
    ],
)
def test_what_a_step_does_wrong_is_its_own_fault(
    save: Save, rendered: Run, quarters: Image.Image, how: str, reason: str
) -> None:
    error = refusal(rendered, save(quarters, "PNG"), how)
    assert error.cause is Cause.STEP_FAILED
    assert "step 'odd' of variant 'v0' failed" in error.message
    assert reason in error.message


def test_fields_that_a_step_adds_do_not_change_how_the_variant_is_written(
    save: Save, rendered: Run, quarters: Image.Image
) -> None:
    steps = [{"name": "odd", "how": "paged"}]
    [variant] = rendered(save(quarters, "PNG"), {"format": "webp", "steps": steps}).variants
    assert Image.open(variant.path).n_frames == 1  # type: ignore[attr-defined]


def test_a_damaged_picture_is_not_the_steps_fault(save: Save, rendered: Run) -> None:
    source = save(Image.effect_noise((64, 64), 90), "JPEG")
    source.write_bytes(source.read_bytes()[:-200])
    assert refusal(rendered, source, "well").cause is Cause.TRUNCATED


def test_a_worker_without_the_step_fails_the_image_with_the_package_to_install(
    save: Save, rendered: Run, quarters: Image.Image
) -> None:
    source = save(quarters, "PNG")
    for package, reason in (
        ("lost==1.2", "pip install 'lost==1.2'"),
        ("pixelfleet-step-odd==9", "odd==1.0.0 is installed"),
    ):
        with pytest.raises(PermanentError) as caught:
            rendered(source, {"steps": [{"name": "lost" if "lost" in package else "odd", "package": package}]})
        assert caught.value.cause is Cause.RECIPE_UNKNOWN
        assert reason in caught.value.message


def test_options_that_the_installed_step_refuses_fail_the_image(
    save: Save, rendered: Run, quarters: Image.Image
) -> None:
    with pytest.raises(PermanentError) as caught:
        rendered(save(quarters, "PNG"), {"steps": [{"name": "duotone", "dark": "red"}]})
    assert caught.value.cause is Cause.RECIPE_UNFIT
    assert "step 'duotone': dark:" in caught.value.message
