"""The result of a trial: one image, the outputs of a draft, and those of the recipe that it is compared with.

The API answers with these models as they are.
"""

import base64
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, computed_field

#: The content of a file, in base64 (RFC 4648, section 4) where it is JSON.
Content = Annotated[
    bytes, PlainSerializer(lambda content: base64.b64encode(content).decode(), return_type=str, when_used="json")
]


class _Result(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TriedVariant(_Result):
    """One output of a recipe that was tried."""

    name: str = Field(examples=["card"])
    format: str = Field(examples=["webp"])
    content_type: str = Field(examples=["image/webp"])
    width: int = Field(examples=[400])
    height: int = Field(examples=[300])
    bytes: int = Field(description="Of all its files.", examples=[18_204])
    files: int = Field(examples=[1])
    picture: Content | None = Field(
        description="In base64. Null for tiles, for formats that browsers do not show, and after 6 MB of pictures.",
        examples=["UklGRg=="],
    )


class TriedRecipe(_Result):
    """The results of one recipe."""

    name: str = Field(examples=["shop"])
    digest: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    milliseconds: int = Field(
        description="Time of decoding, of all steps and of encoding; variants are made one at a time.", examples=[210]
    )
    problem: str | None = Field(
        None, description="The reason why there are no results: a cause, and what to do.", examples=[None]
    )
    variants: tuple[TriedVariant, ...] = ()
    lazy: tuple[str, ...] = Field(
        (), description="Its lazy variants, which a trial leaves out as an upload does.", examples=[["print"]]
    )

    @computed_field(description="Of all variants.", examples=[18_204])  # type: ignore[prop-decorator]
    @property
    def bytes(self) -> int:
        return sum(variant.bytes for variant in self.variants)


class Trial(_Result):
    """An image, what the draft made of it, and what the recipe that it is compared with made of it."""

    format: str = Field(examples=["jpeg"])
    width: int = Field(examples=[4000])
    height: int = Field(examples=[3000])
    bytes: int = Field(description="Of the original.", examples=[3_481_220])
    draft: TriedRecipe
    current: TriedRecipe | None = Field(description="Null if there is no recipe to compare with.")
