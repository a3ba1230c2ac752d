"""The quality of a variant as a target: the encoder's setting is searched, so that each image reaches one score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from pixelfleet.recipes.choices import Metric
from pixelfleet.recipes.part import Part

_NUMBER: Final = "quality as a number"
_TARGET: Final = "quality as a target"
#: Pydantic puts these between `quality` and the field in the location of an error.
QUALITY_TAGS: Final = frozenset({_NUMBER, _TARGET})


@dataclass(frozen=True, slots=True)
class Scale:
    """The targets that a metric takes: from `least` to below `most`. `usual` suits photographs."""

    least: float
    most: float
    usual: float


SCALES: Final[Mapping[Metric, Scale]] = {
    Metric.SSIM: Scale(0.5, 1, 0.96),
    Metric.SSIMULACRA2: Scale(30, 100, 75),
}


class QualityTarget(Part):
    """The score to reach, and the settings among which the lowest that reaches the score is searched."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_by_alias=True)

    target: float = Field(
        description="the score to reach: ssim 0.5 to below 1, 0.96 suits photographs; ssimulacra2 30 to below 100, 75"
    )
    metric: Metric = Field(
        Metric.SSIM,
        description="ssim: structural similarity of luma (Wang et al. 2004); ssimulacra2: slower, nearer to the eye, "
        "needs the extra `ssimulacra2`",
    )
    least: int = Field(60, alias="min", ge=1, le=100, strict=True, description="the lowest setting that is used")
    most: int = Field(
        92, alias="max", ge=1, le=100, strict=True, description="the highest; used where no setting reaches the target"
    )

    @model_validator(mode="after")
    def _on_its_scale(self) -> Self:
        scale = SCALES[self.metric]
        if scale.least <= self.target < scale.most:
            return self
        fits = [
            f"target = {self.target:g} is on the scale of metric = {metric.value!r}"
            for metric, other in SCALES.items()
            if other.least <= self.target < other.most
        ]
        raise ValueError(
            f"target = {self.target:g} is not on the scale of {self.metric.value}, which has targets from "
            f"{scale.least:g} to below {scale.most:g}, such as {scale.usual:g}" + "".join(f"; {fit}" for fit in fits)
        )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"min = {self.least} is above max = {self.most}: exchange them")
        return self


def _kind(value: Any) -> str:
    return _TARGET if isinstance(value, Mapping | QualityTarget) else _NUMBER


Quality = Annotated[
    Annotated[int, Field(ge=1, le=100, strict=True), Tag(_NUMBER)] | Annotated[QualityTarget, Tag(_TARGET)],
    Discriminator(_kind),
]
