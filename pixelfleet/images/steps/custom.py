"""The steps of other packages (`pixelfleet.steps`), carried out where the pixels are: in the supervised child."""

from functools import cache
from typing import Any, Final

from pydantic import ValidationError

from pixelfleet.errors import Cause, PermanentError, StepError
from pixelfleet.images.codec_errors import lacks_memory_or_disk, translate
from pixelfleet.images.stage import stage
from pixelfleet.images.vips import MEMORY_PIXELS, Image, pyvips, readable_twice
from pixelfleet.recipes import CustomStep, Recipe, Variant
from pixelfleet.recipes.part import MAX_SIDE
from pixelfleet.steps import Step
from pixelfleet.steps.installed import installed_step

#: Fields of an image that a result may not bring along: they would change how the variant is written.
_FOREIGN: Final = ("page-height", "n-pages", "orientation", "icc-profile-data", "gainmap", "gainmap-data")


def steps(image: Image, variant: Variant, _first: Image) -> Image:
    """The variant's custom steps, in the order of the recipe."""
    for custom in variant.steps:
        image = _applied(custom, image, variant.name)
    return image


def check_installed(recipe: Recipe) -> None:
    """Import the custom steps of a recipe, before anything is decoded.

    Raises:
        PermanentError: `recipe_unknown`, a step is not installed in this version; `recipe_unfit`, wrong options.
    """
    for variant in recipe.variants:
        for custom in variant.steps:
            _options(custom, _step(custom.name, custom.package))


def check_alike(frames: tuple[Image, ...], variant: Variant) -> None:
    """Check that custom steps gave every frame of an animation the same size.

    Raises:
        PermanentError: `step_failed`.
    """
    if variant.steps and len({(frame.width, frame.height) for frame in frames}) > 1:
        names = ", ".join(custom.name for custom in variant.steps)
        raise PermanentError(
            Cause.STEP_FAILED,
            f"the frames of variant {variant.name!r} have different sizes after its custom steps ({names}); "
            "mend the step that changes sizes",
        )


@cache
def _step(name: str, package: str | None) -> Step[Any]:
    try:
        return installed_step(name, package).load()
    except StepError as error:
        raise PermanentError(Cause.RECIPE_UNKNOWN, f"the worker cannot carry out this recipe: {error}") from error


def _options(custom: CustomStep, step: Step[Any]) -> Any:
    try:
        return step.options.model_validate(custom.options)
    except ValidationError as error:
        wrong = error.errors()[0]
        field = ".".join(map(str, wrong["loc"]))
        raise PermanentError(
            Cause.RECIPE_UNFIT, f"step {custom.name!r}: {field}: {wrong['msg']}; put the recipe again"
        ) from error


def _applied(custom: CustomStep, image: Image, variant: str) -> Image:
    step = _step(custom.name, custom.package)
    options = _options(custom, step)
    colours = image if image.bands > 2 else image.colourspace("srgb")
    # Decoded before the step runs, so that an error of the decoder is not reported as one of the step.
    given = readable_twice(colours)
    where = f"step {custom.name!r} of variant {variant!r}"
    with stage(where):
        try:
            result = _checked(step.apply(given, options), given)
            # libvips computes pixels when they are read: here, so that this is part of the step.
            return readable_twice(result)
        except _UnfitError as error:
            raise _failed(where, str(error)) from error
        except SystemExit as error:
            raise _failed(where, f"it ended the process with {error.code!r}") from error
        except Exception as error:
            if lacks_memory_or_disk(error):
                raise translate(error, f"image in {where}") from error
            raise _failed(where, f"{type(error).__name__}: {error}") from error


class _UnfitError(Exception):
    """What a step returned is no image that a variant can be made of."""


def _checked(result: object, given: Image) -> Image:
    if not isinstance(result, pyvips.Image):
        raise _UnfitError(f"it returned {type(result).__name__}, not a pyvips.Image")
    width, height = result.width, result.height
    if max(width, height) > MAX_SIDE or width * height > max(MEMORY_PIXELS, given.width * given.height):
        raise _UnfitError(
            f"it returned an image of {width:,} x {height:,} for one of {given.width:,} x {given.height:,}"
        )
    if result.format != "uchar":
        raise _UnfitError(
            f"it returned samples of the type {result.format}; its last operation has to be cast('uchar')"
        )
    if result.bands != given.bands:
        raise _UnfitError(
            f"it returned {result.bands} bands for {given.bands}; red, green, blue and alpha have to stay"
        )
    plain = result.copy(interpretation="srgb", xres=given.xres, yres=given.yres)
    for name in _FOREIGN:
        if plain.get_typeof(name) and not given.get_typeof(name):
            plain.remove(name)
    return plain


def _failed(where: str, reason: str) -> PermanentError:
    text = " ".join(reason.split())[:300]
    return PermanentError(Cause.STEP_FAILED, f"{where} failed: {text}; mend the step, or take it out of the recipe")
