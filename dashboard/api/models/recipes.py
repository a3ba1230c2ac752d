"""The models of recipes."""

from typing import Final

from pydantic import Base64Bytes, Field

from dashboard.api.models.base import IMAGE_ID, Model
from pixelfleet.domain.registry import RecipeVersion, StoredRecipe
from pixelfleet.recipes import MAX_TEXT_BYTES, Fault, Recipe

_DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_TEXT: Final = 'name = "shop"\n\n[[variants]]\nname = "card"\nbox = [400, 400]\n'
_AT: Final = "2026-11-26T09:00:00.000Z"


class RecipeOut(Model):
    """A recipe: built in, or the present version of a stored one."""

    name: str = Field(examples=["shop"])
    description: str = Field(examples=["Cards and zooms of the shop"])
    variants: list[str] = Field(examples=[["card"]])
    default: bool = Field(description="Whether the recipe is the deployment's default.", examples=[False])
    digest: str = Field(description="Digest of the meaning of the recipe, in hex.", examples=[_DIGEST])
    builtin: bool = Field(examples=[False])
    version: int | None = Field(description="The number of a stored recipe's version, from 1.", examples=[3])
    stored_at: str | None = Field(description="Time of storing, for a stored recipe.", examples=[_AT])
    who: str | None = Field(description="Who stored it.", examples=["olga"])

    @classmethod
    def of_builtin(cls, recipe: Recipe, default: str) -> "RecipeOut":
        return cls(
            name=recipe.name,
            description=recipe.description,
            variants=[variant.name for variant in recipe.variants],
            default=recipe.name == default,
            digest=recipe.digest,
            builtin=True,
            version=None,
            stored_at=None,
            who=None,
        )

    @classmethod
    def of_stored(cls, recipe: StoredRecipe, default: str) -> "RecipeOut":
        return cls(
            name=recipe.name,
            description=recipe.description,
            variants=list(recipe.variants),
            default=recipe.name == default,
            digest=recipe.digest,
            builtin=False,
            version=recipe.number,
            stored_at=recipe.at,
            who=recipe.who,
        )


class RecipesOut(Model):
    recipes: list[RecipeOut]


class RecipeTextOut(Model):
    """A recipe with its text."""

    name: str = Field(examples=["shop"])
    digest: str = Field(examples=[_DIGEST])
    text: str = Field(description="TOML, in canonical form: as `pixelfleet recipe show` prints it.", examples=[_TEXT])


class RecipeIn(Model):
    text: str = Field(description="The recipe, as TOML.", max_length=MAX_TEXT_BYTES, examples=[_TEXT])


class RecipeTryIn(RecipeIn):
    """A draft of a recipe, and an image or a sample to try the draft on."""

    image_id: str | None = Field(
        None, pattern="^[a-z2-7]{32}$", description="The image to try it on.", examples=[IMAGE_ID]
    )
    sample: Base64Bytes | None = Field(
        None, description="Instead of an image: a file in base64. The request may have 4 MB.", examples=[None]
    )
    against: str | None = Field(
        None,
        max_length=130,
        description="The recipe or version to compare with; unless said, the stored one of the draft's name, else the "
        "image's own.",
        examples=["shop@2"],
    )


class RecipePutOut(Model):
    """A recipe that was stored."""

    recipe: RecipeOut
    changed: bool = Field(description="False if the present version has the same meaning already.", examples=[True])
    before: int | None = Field(
        description="The number of the previous version; null for the first version.", examples=[2]
    )
    uses: list[str] = Field(
        description="The places that use the recipe, in words.", examples=[["it is the default of ana"]]
    )


class RecipeVersionOut(Model):
    version: int = Field(examples=[3])
    digest: str = Field(examples=[_DIGEST])
    stored_at: str = Field(examples=[_AT])
    who: str = Field(examples=["olga"])

    @classmethod
    def of(cls, version: RecipeVersion) -> "RecipeVersionOut":
        return cls(version=version.number, digest=version.digest, stored_at=version.at, who=version.who)


class RecipeVersionsOut(Model):
    versions: list[RecipeVersionOut] = Field(description="Newest first.")


class FaultOut(Model):
    """One fault of a recipe."""

    line: int | None = Field(description="From 1; unknown for the text as a whole.", examples=[5])
    field: str | None = Field(examples=["variants.box"])
    message: str = Field(description="What is wrong, and what would be right.", examples=["is missing"])

    @classmethod
    def of(cls, fault: Fault) -> "FaultOut":
        return cls(line=fault.line, field=fault.field, message=fault.message)


class RecipeCheckOut(Model):
    """The recipe of a text, or the faults of the text."""

    right: bool = Field(examples=[True])
    name: str | None = Field(examples=["shop"])
    digest: str | None = Field(examples=[_DIGEST])
    variants: list[str] = Field(examples=[["card"]])
    faults: list[FaultOut] = Field(description="Up to 50.", examples=[[]])
