"""A picture or a line of text over a variant."""

import base64
import binascii
from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from pixelfleet.recipes.choices import Gravity
from pixelfleet.recipes.glyphs import composed, without_glyph
from pixelfleet.recipes.part import Colour, Part

#: A recipe's text lies in one catalog item of at most 400 KB.
MAX_WATERMARK_BYTES: Final = 64 * 1024
DATA_URI: Final = "data:image/png;base64,"


class Watermark(Part):
    """A picture or a line of text over the variant, as the last step."""

    image: str | None = Field(
        None, description="a PNG file beside the recipe, at most 64 KB; kept in the recipe as a data: URI"
    )
    text: str | None = Field(None, min_length=1, max_length=200, description="one line of text")
    position: Gravity = Field(Gravity.SOUTH_EAST, description="centre, a side or a corner")
    opacity: float = Field(0.5, gt=0, le=1, description="0 (invisible) to 1 (solid)")
    width: float = Field(0.25, gt=0, le=1, description="share of the variant's width that the mark takes")
    margin: float = Field(0.02, ge=0, le=0.5, description="distance from the edge as a share of the shorter side")
    colour: Colour = Field("#ffffff", description="colour of the text")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.image is None) == (self.text is None):
            raise ValueError("a watermark is either image or text: give exactly one of them")
        if self.position.is_searched:
            raise ValueError(f"position {self.position.value!r} is not a position: use centre, a side or a corner")
        return self

    @field_validator("text")
    @classmethod
    def _set(cls, text: str | None) -> str | None:
        if text is None:
            return None
        text = composed(text)
        if missing := without_glyph(text):
            characters = " ".join(
                character if character.isprintable() else f"U+{ord(character):04X}" for character in missing[:10]
            )
            raise ValueError(
                f"the font has no {characters}: text is Latin, Greek, Cyrillic, Armenian or Georgian; "
                "use a picture for other scripts"
            )
        return text

    @field_validator("image")
    @classmethod
    def _inlined(cls, image: str | None) -> str | None:
        if image is None:
            return None
        if not image.startswith(DATA_URI):
            raise ValueError("should be a PNG file beside a recipe read from a file, or a data:image/png;base64, URI")
        try:
            size = len(base64.b64decode(image.removeprefix(DATA_URI), validate=True))
        except binascii.Error:
            raise ValueError("the data: URI is not valid base64") from None
        if size > MAX_WATERMARK_BYTES:
            raise ValueError(f"the picture has {size:,} bytes, more than the {MAX_WATERMARK_BYTES:,} that are allowed")
        return image

    @property
    def image_bytes(self) -> bytes:
        """The PNG file of an image watermark; empty for text."""
        return base64.b64decode((self.image or "").removeprefix(DATA_URI))
