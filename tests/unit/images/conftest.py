"""Fixtures that make small images, and the one call that the tests make to the engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import Rendition, render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import Recipe, Variant

LIMITS = Limits(max_bytes=10_000_000, max_pixels=2_000_000, max_frames=50)


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Writes a Pillow image to a file of the given format."""

    def write(picture: Image.Image, code: str, **options: Any) -> Path:
        path = tmp_path / f"source-{len(list(tmp_path.iterdir()))}"
        picture.save(path, code, **options)
        return path

    return write


@pytest.fixture
def rendered(tmp_path: Path) -> Callable[..., Rendition]:
    """Renders a file with variants that are given as dictionaries."""

    def run(source: Path, *variants: dict[str, Any], **recipe_fields: Any) -> Rendition:
        made = tuple(Variant.model_validate({"name": f"v{at}", **fields}) for at, fields in enumerate(variants))
        recipe = Recipe(name="test", variants=made, **recipe_fields)
        folder = tmp_path / f"out-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return render(source, probe(source, LIMITS, allow_svg=recipe.allow_svg, dpi=recipe.dpi), recipe, folder)

    return run


@pytest.fixture
def quarters() -> Image.Image:
    """Red, green, blue and white quarters, 80 x 40; they make every turn, mirror and crop visible."""
    picture = Image.new("RGB", (80, 40), "red")
    picture.paste("lime", (40, 0, 80, 20))
    picture.paste("blue", (0, 20, 40, 40))
    picture.paste("white", (40, 20, 80, 40))
    return picture
