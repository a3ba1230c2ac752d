"""Recipes: the variants of an image. `parse` turns TOML into a `Recipe`; recipes of one meaning have one digest."""

from pixelfleet.recipes.choices import (
    CameraRaw,
    Fit,
    Gravity,
    Hdr,
    JpegEncoder,
    Metadata,
    Metric,
    OutputFormat,
    Profile,
    Redaction,
    RedactionStyle,
)
from pixelfleet.recipes.custom_step import CustomStep
from pixelfleet.recipes.fault import Fault
from pixelfleet.recipes.model import DEFAULT_DPI, Recipe
from pixelfleet.recipes.needed_extras import needed_extras
from pixelfleet.recipes.quality_target import SCALES, QualityTarget
from pixelfleet.recipes.reader import BUILTIN, MAX_TEXT_BYTES, builtin, check, load, parse, parse_stored
from pixelfleet.recipes.variant import Tiles, Variant
from pixelfleet.recipes.watermark import Watermark

__all__ = [
    "BUILTIN",
    "DEFAULT_DPI",
    "MAX_TEXT_BYTES",
    "SCALES",
    "CameraRaw",
    "CustomStep",
    "Fault",
    "Fit",
    "Gravity",
    "Hdr",
    "JpegEncoder",
    "Metadata",
    "Metric",
    "OutputFormat",
    "Profile",
    "QualityTarget",
    "Recipe",
    "Redaction",
    "RedactionStyle",
    "Tiles",
    "Variant",
    "Watermark",
    "builtin",
    "check",
    "load",
    "needed_extras",
    "parse",
    "parse_stored",
]
