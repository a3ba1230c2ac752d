"""What a package of custom steps needs: a model of options, and a function from image to image.

A package registers a `Step` as an entry point of the group `pixelfleet.steps`; recipes name the step by the entry
point's name (docs/howto/custom-steps.md). This module imports no image library: options are checked without one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Options", "Step"]


class Options(BaseModel):
    """The options of a step: a pydantic model whose fields have a `description`. Unknown options are refused.

    `name` and `package` are not possible as fields: a recipe uses them for the step itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True, slots=True)
class Step(Generic[OptionsT]):
    """A custom step.

    `apply` takes a `pyvips.Image` and the options, and returns a `pyvips.Image`. The image has 8 bits a sample, in
    sRGB: three bands, or four with alpha. The result has the same bands and samples. The function is called once for
    each frame of an animation, in a process with limits of memory and time.
    """

    options: type[OptionsT]
    apply: Callable[[Any, OptionsT], Any]
