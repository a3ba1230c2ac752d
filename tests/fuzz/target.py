"""What must hold of any bytes at all: they are rendered, or refused with one of our errors."""

import tempfile
from pathlib import Path
from typing import Final

from pixelfleet.errors import ProcessingError
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import Recipe, parse

#: Small, so that a mutated header cannot make a decoder busy for seconds.
LIMITS: Final = Limits(max_bytes=1_000_000, max_pixels=250_000, max_frames=20)
RECIPE: Final[Recipe] = parse(
    """
name = "fuzz"
[[variants]]
name = "small"
box = 8
format = "webp"
effort = 0
[[variants]]
name = "kept"
format = "jpeg"
metadata = "keep"
levels = true
sharpen = 1.0
[[variants]]
name = "light"
box = 8
format = ["jpeg", "avif"]
hdr = "keep"
[[variants]]
name = "developed"
box = 8
format = "png"
raw = "develop"
[[variants]]
name = "aimed"
box = 100
format = "jpeg"
quality = { target = 0.9 }
never_larger = true
[[variants]]
name = "bare"
format = "png"
effort = 1
never_larger = true
""",
    "fuzz",
)
FACES: Final[Recipe] = parse(
    """
name = "faces"
dpi = 20
[[variants]]
name = "crop"
box = [8, 8]
fit = "cover"
gravity = "face"
[[variants]]
name = "redacted"
format = ["jpeg", "png"]
redact = "face"
metadata = "keep"
[[variants]]
name = "seen"
box = 40
format = "jpeg"
encoder = "jpegli"
metadata = "keep"
icc = "keep"
quality = { target = 60, metric = "ssimulacra2" }
[[variants]]
name = "xl"
box = 40
format = "jxl"
metadata = "keep"
""",
    "faces",
)
TOLERANT: Final[Recipe] = RECIPE.model_copy(update={"accept_truncated": True, "keep_gps": True, "allow_svg": True})
_FACES_EVERY: Final = 16


def check(content: bytes) -> bool:
    """Whether the bytes were an image.

    Raises:
        Exception: anything but a `ProcessingError` is a find.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.write_bytes(content)
        # Faces take longer than all else.
        recipes = [RECIPE, TOLERANT, *([FACES] if len(content) % _FACES_EVERY == 0 else [])]
        outcomes = [_check(source, recipe) for recipe in recipes]
        return all(outcomes)


def _check(source: Path, recipe: Recipe) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            rendition = render(
                source,
                probe(source, LIMITS, with_gps=True, allow_svg=recipe.allow_svg, dpi=recipe.dpi),
                recipe,
                Path(folder),
            )
        except ProcessingError as error:
            if not error.message:
                raise AssertionError("an error without a message") from error
            return False
        if any(variant.path.stat().st_size != variant.bytes for variant in rendition.variants):
            raise AssertionError("a variant that is not what was written")
        return True
