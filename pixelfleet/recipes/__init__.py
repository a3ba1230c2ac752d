"""Recipes: the variants of an image. `parse` turns TOML into a `Recipe`; recipes of one meaning have one digest."""

from pixelfleet.recipes.model import Fit, Gravity, Metadata, OutputFormat, Profile, Recipe, Tiles, Variant, Watermark
from pixelfleet.recipes.reader import BUILTIN, builtin, load, parse

__all__ = [
    "BUILTIN",
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
    "load",
    "parse",
]
