"""The base of all parts of a recipe, and the types that parts share."""

from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

#: The limit of WebP. Larger outputs are written as tiles.
MAX_SIDE: Final = 16_383


class Part(BaseModel):
    """Unknown fields, NaN and infinity are refused; a part never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _square(value: object) -> object:
    """`box = 320` is short for `box = [320, 320]`."""
    return [value, value] if isinstance(value, int) and not isinstance(value, bool) else value


Side = Annotated[int, Field(ge=1, le=MAX_SIDE, strict=True)]
Box = Annotated[tuple[Side, Side], BeforeValidator(_square)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
NAME_PATTERN: Final = r"^[a-z][a-z0-9-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
