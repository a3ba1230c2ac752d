"""The density (pixels per inch) of variants, read by Pillow."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import Base

from pixelfleet.images.pipeline import Rendition
from tests.unit.images.metadata_sources import exif

Run = Callable[..., Rendition]
FORMATS = ("jpeg", "png", "webp", "avif", "tiff")


def density(path: Path) -> float | None:
    """Pixels per inch, from the fields of the file format, or else from EXIF."""
    with Image.open(path) as picture:
        picture.load()
        own = picture.info.get("dpi")
        value = own[0] if own else picture.getexif().get(Base.XResolution)
    return None if value is None else round(float(value))


@pytest.mark.parametrize("code", ["JPEG", "PNG", "TIFF", "BMP"])
def test_keep_keeps_the_density_of_a_source_without_exif(save: Callable[..., Path], rendered: Run, code: str) -> None:
    source = save(Image.new("RGB", (64, 48)), code, dpi=(300, 300))
    variants = rendered(source, *({"format": kind, "metadata": "keep", "box": 32} for kind in FORMATS)).variants
    assert {variant.format: density(variant.path) for variant in variants} == dict.fromkeys(FORMATS, 300)


@pytest.mark.parametrize("code", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("metadata", ["keep", "strip"])
def test_an_unknown_density_is_72(save: Callable[..., Path], rendered: Run, code: str, metadata: str) -> None:
    """EXIF 2.32, 4.6.4: 72 pixels per inch if the density is unknown. Layout programs use any number unchanged."""
    source = save(Image.new("RGB", (64, 48)), code, exif=exif())
    variants = rendered(source, *({"format": kind, "metadata": metadata} for kind in FORMATS)).variants
    assert {density(variant.path) for variant in variants} <= {None, 72}


def test_a_source_without_metadata_and_density_gives_no_exif(save: Callable[..., Path], rendered: Run) -> None:
    source = save(Image.new("RGB", (64, 48)), "PNG")
    [variant] = rendered(source, {"format": "jpeg", "metadata": "keep"}).variants
    with Image.open(variant.path) as picture:
        assert "exif" not in picture.info
