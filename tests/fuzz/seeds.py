"""Small images of every format, for a fuzzer to mutate: the smaller, the more of them in a minute."""

import io
import struct
from collections.abc import Sequence
from typing import Any, Final

from PIL import Image, ImageDraw

from pixelfleet.samples.profile import wide_profile
from tests.colour.cases import CASES
from tests.colour.pages import form
from tests.colour.quarters import picture as quarters
from tests.colour.raw_files import dng, preview_of
from tests.colour.ultra_hdr import base, ultra_hdr
from tests.unit.images.metadata_sources import SOURCES, source
from tests.unit.images.test_format_table import SAMPLES, actual
from tests.unit.images.test_found_formats import SVGS

CASE_PICTURE: Final = quarters()

_SIZE: Final = (24, 16)
_FORMATS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("JPEG", "RGB", {"quality": 70}),
    ("JPEG", "RGB", {"quality": 70, "progressive": True}),
    ("JPEG", "CMYK", {}),
    ("PNG", "RGBA", {}),
    ("PNG", "P", {}),
    ("PNG", "I;16", {}),
    ("GIF", "P", {}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("WEBP", "RGB", {"quality": 70}),
    ("TIFF", "RGB", {}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    ("TIFF", "CMYK", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", "F", {}),
    ("AVIF", "RGB", {"speed": 10, "max_threads": 1}),
    ("JPEG2000", "RGB", {}),
    ("BMP", "RGB", {}),
    ("ICO", "RGBA", {"sizes": [(16, 16)]}),
    ("TGA", "RGB", {"compression": "tga_rle"}),
    ("PPM", "RGB", {}),
    ("SGI", "RGB", {}),
    ("DDS", "RGBA", {}),
    ("PCX", "RGB", {}),
    ("QOI", "RGB", {}),
)


def seeds() -> list[bytes]:
    """One file for each format and form, and two that move."""
    Image.init()
    picture = Image.effect_mandelbrot(_SIZE, (-2.0, -1.0, 1.0, 1.0), 60).convert("RGB")
    ImageDraw.Draw(picture).rectangle((4, 4, 12, 10), fill=(200, 90, 30), outline="white")
    still = [_written(picture, *form) for form in _FORMATS]
    frames = {"save_all": True, "append_images": [picture.rotate(90), picture.rotate(180)]}
    moving = [_written(picture, "GIF", "P", frames), _written(picture, "WEBP", "RGB", frames)]
    return [*still, *moving]


def seeds_of(formats: Sequence[str]) -> list[bytes]:
    """The seeds of the formats with these names in the table; of all formats if none is named."""
    every = [*seeds(), *odd_seeds()]
    return [seed for seed in every if actual(seed).name in formats] if formats else every


def odd_seeds() -> list[bytes]:
    """The four-quarter picture in the odd kinds that `tests/colour` makes, and files full of metadata."""
    full = [source(name, CASE_PICTURE, wide_profile()) for name in SOURCES]
    full.append(ultra_hdr(base()))
    full += [dng(32, 24, preview=preview_of(32, 24)), form(b"1 0 0 rg 0 0 36 36 re f"), _moving_png()]
    samples = [_small_icns() if name == "icns" else make() for name, make in SAMPLES.items()]
    return [case.make() for case in CASES] + full + samples + list(SVGS.values())


def _moving_png() -> bytes:
    """Frames that are smaller than the picture, with each kind of disposal and blending."""
    frames = [Image.new("RGBA", _SIZE, (200, 90, 30, alpha)) for alpha in (255, 128, 0, 64)]
    frames[1].paste((0, 0, 0, 255), (4, 4, 12, 10))
    more: dict[str, Any] = {
        "save_all": True,
        "append_images": frames[1:],
        "disposal": [0, 1, 2, 0],
        "blend": [0, 1, 0, 1],
    }
    return _written(frames[0], "PNG", "RGBA", more)


def _small_icns() -> bytes:
    """One block of 16 x 16. Pillow writes all sizes up to 1,024, which the fuzzer's limit of pixels refuses."""
    inner = _written(Image.new("RGBA", (16, 16), (200, 90, 30, 255)), "PNG", "RGBA", {})
    return b"icns" + struct.pack(">I4sI", 16 + len(inner), b"icp4", 8 + len(inner)) + inner


def _written(picture: Image.Image, code: str, mode: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    converted = picture.convert("L").convert(mode) if mode in ("I;16", "F") else picture.convert(mode)
    converted.save(file, code, **options)
    return file.getvalue()
