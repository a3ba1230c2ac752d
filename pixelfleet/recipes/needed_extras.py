"""The extras of pixelfleet that a recipe needs."""

from pixelfleet.recipes.choices import JpegEncoder, Metric, OutputFormat
from pixelfleet.recipes.model import Recipe


def needed_extras(recipe: Recipe) -> dict[str, str]:
    """By the name of each extra, the use of it: the end of a sentence that begins with the recipe."""
    needed = {}
    if recipe.searches_faces:
        needed["faces"] = "searches for faces"
    targets = [variant.quality_target for variant in recipe.variants]
    if any(target is not None and target.metric is Metric.SSIMULACRA2 for target in targets):
        needed["ssimulacra2"] = "measures quality by SSIMULACRA2"
    if any(variant.encoder is JpegEncoder.JPEGLI for variant in recipe.variants):
        needed["jpegli"] = "encodes by jpegli"
    if any(OutputFormat.JXL in variant.formats for variant in recipe.variants):
        needed["jxl"] = "writes JPEG XL"
    return needed
