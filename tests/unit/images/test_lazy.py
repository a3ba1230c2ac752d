"""The engine leaves lazy variants out."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from pixelfleet.images.pipeline import Rendition

Save = Callable[..., Path]
Run = Callable[..., Rendition]


def test_a_lazy_variant_is_not_made(save: Save, rendered: Run, quarters: Image.Image) -> None:
    source = save(quarters, "PNG")
    made = rendered(source, {"name": "thumb", "box": 20}, {"name": "large", "lazy": True})
    assert [(variant.name, variant.width) for variant in made.variants] == [("thumb", 20)]
    assert [path.name for path in made.variants[0].path.parent.iterdir()] == ["thumb.jpg"]


def test_a_page_that_only_a_lazy_variant_shows_fails_no_upload(
    save: Save, rendered: Run, quarters: Image.Image
) -> None:
    source = save(quarters, "PNG")
    made = rendered(source, {"name": "thumb", "box": 20}, {"name": "back", "page": 2, "lazy": True})
    assert [variant.name for variant in made.variants] == ["thumb"]


def test_an_image_whose_variants_are_all_lazy_has_a_fingerprint(
    save: Save, rendered: Run, quarters: Image.Image
) -> None:
    source = save(quarters, "PNG")
    eager, lazy = rendered(source, {"box": 40}), rendered(source, {"box": 40, "lazy": True})
    assert lazy.variants == ()
    assert len(lazy.placeholder) == len(eager.placeholder)
    assert lazy.dominant_colour.startswith("#")
