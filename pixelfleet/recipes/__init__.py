"""Recipes: the variants of an image. `parse` turns TOML into a `Recipe`; recipes of one meaning have one digest."""

from pixelfleet.recipes.model import (
    DEFAULT_DPI,
    CameraRaw,
    Fit,
    Gravity,
    Metadata,
    OutputFormat,
    Profile,
    Recipe,
    Tiles,
    Variant,
    Watermark,
)
from pixelfleet.recipes.reader import BUILTIN, MAX_TEXT_BYTES, Fault, builtin, check, load, parse

__all__ = [
    "BUILTIN",
    "DEFAULT_DPI",
    "MAX_TEXT_BYTES",
    "CameraRaw",
    "Fault",
    "Fit",
    "Gravity",
    "Metadata",
    "OutputFormat",
    "Profile",
    "Recipe",
    "Tiles",
    "Variant",
    "Watermark",
    "builtin",
    "check",
    "load",
    "parse",
]
