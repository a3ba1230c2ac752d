"""The quality of a variant as a target: the encoder's setting is searched, so that each image reaches one score."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from pixelfleet.recipes.part import Part

_SIMULACRA: Final = "ssimulacra2"
_NUMBER: Final = "quality as a number"
_TARGET: Final = "quality as a target"
#: Pydantic puts these between `quality` and the field in the location of an error.
QUALITY_TAGS: Final = frozenset({_NUMBER, _TARGET})


class QualityTarget(Part):
    """The score to reach, and the settings among which the lowest that reaches the score is searched."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_by_alias=True)

    target: float = Field(ge=0.5, lt=1, description="the score to reach, from 0.5 to below 1; 0.96 suits photographs")
    metric: Literal["ssim"] = Field("ssim", description="ssim: structural similarity of luma (Wang et al. 2004)")
    least: int = Field(60, alias="min", ge=1, le=100, strict=True, description="the lowest setting that is used")
    most: int = Field(
        92, alias="max", ge=1, le=100, strict=True, description="the highest; used where no setting reaches the target"
    )

    @field_validator("metric", mode="before")
    @classmethod
    def _measurable(cls, metric: object) -> object:
        if metric == _SIMULACRA:
            raise ValueError("ssimulacra2 takes seconds an image in the only library for it: use metric = 'ssim'")
        return metric

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
