"""The fields of a recipe. `docs/reference/recipes.md` and error messages show the description of every field."""

import hashlib
import json
from functools import cached_property
from typing import Any, Final, Self

from pydantic import Field, field_validator, model_validator

from pixelfleet.errors import SetupError
from pixelfleet.key_templates import alias_template
from pixelfleet.recipes.part import Name, Part
from pixelfleet.recipes.variant import Variant
from pixelfleet.recipes.writer import to_toml

MAX_VARIANTS: Final = 32
#: Files of all variants together, where variants are written in several formats.
MAX_FILES: Final = 96
#: Pixels to an inch of a PDF's pages, as in poppler's pdftoppm.
DEFAULT_DPI: Final = 150


class Recipe(Part):
    """A named list of variants."""

    name: Name = Field(description="lower-case letters, digits and hyphens")
    description: str = Field("", max_length=500, description="one line for people")
    accept_truncated: bool = Field(
        default=False, description="use the part that is there of a truncated image, instead of refusing the image"
    )
    allow_svg: bool = Field(default=False, description="render SVG; nothing outside the file is ever loaded")
    dpi: int = Field(
        DEFAULT_DPI, ge=18, le=1200, strict=True, description="pixels to an inch at which the pages of a PDF are drawn"
    )
    keep_gps: bool = Field(default=False, description="record the place and leave it in metadata that is kept")
    alias: str = Field(
        "",
        description="template of readable keys for copies of the variants, such as {path}/{stem}_{variant}.{ext}, "
        "instead of PIXELFLEET_ALIAS",
    )
    variants: tuple[Variant, ...] = Field(
        min_length=1, max_length=MAX_VARIANTS, description="one [[variants]] table for each output"
    )

    @field_validator("alias")
    @classmethod
    def _alias_can_be_filled(cls, text: str) -> str:
        if text:
            try:
                alias_template(text)
            except SetupError as error:
                raise ValueError(str(error)) from None
        return text

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [variant.name for variant in self.variants]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two variants are called {twice[0]!r}: each needs a name of its own")
        files = sum(len(variant.formats) for variant in self.variants)
        if files > MAX_FILES:
            raise ValueError(
                f"{files} files of an image, more than the {MAX_FILES} that are allowed: name fewer formats"
            )
        return self

    @property
    def searches_faces(self) -> bool:
        """Whether a variant depends on the faces in the image, so that the extra `faces` is needed."""
        return any(variant.searches_faces for variant in self.variants)

    @cached_property
    def digest(self) -> str:
        """64 hex digits of the meaning of the recipe: formatting and written-out defaults do not change them."""
        canonical = json.dumps(self._said(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages of the custom steps, `NAME==VERSION`, sorted."""
        return tuple(sorted({step.package for one in self.variants for step in one.steps if step.package}))

    def to_text(self) -> str:
        """TOML that `parse` reads back to an equal recipe. The text names no file, so that the catalog can hold it."""
        return to_toml(self._said())

    def _said(self) -> dict[str, Any]:
        # Without defaults, so that a field that is added later does not change older digests.
        said: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for variant in said["variants"]:
            # A single format is text, as before there were lists: digests of older recipes stay. A serializer of the
            # field could do the same, but pydantic then writes the default out.
            if len(variant.get("format", ())) == 1:
                [variant["format"]] = variant["format"]
        return said
