"""Recipes: which variants an image becomes. TOML in, a frozen `Recipe` out, the same digest for the same meaning."""

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
