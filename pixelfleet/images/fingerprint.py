"""The description of an image's appearance in a record: a placeholder, a dominant colour, a perceptual hash.

All three are computed from at most 32 x 32 pixels. Finer detail does not change them, and more pixels would cost as
much as an encode.
"""

from collections import Counter
from dataclasses import dataclass

from pixelfleet.images.base import scale_to
from pixelfleet.images.dct import transform
from pixelfleet.images.thumbhash import thumbhash
from pixelfleet.images.vips import Image

_SIDE = 32
_HASH_SIDE = 8
#: If no cosine term but the first is larger than this, of 255, the terms are rounding and noise.
_FLAT = 0.25

Pixel = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`placeholder`: a ThumbHash in base64; `dominant_colour`: `#rrggbb`; `perceptual_hash`: 16 hex digits; few
    digits differ between two versions of one picture. None for a picture of one colour, which is like no
    other."""

    placeholder: str
    dominant_colour: str
    perceptual_hash: str | None


def fingerprint(image: Image) -> Fingerprint:
    """The fingerprint of a grey or sRGB image of any size, with or without alpha."""
    pixels = _pixels(_rgba(scale_to(image, (_SIDE, _SIDE))))
    placeholder = thumbhash(pixels, _SIDE, (image.width, image.height))
    return Fingerprint(placeholder, _dominant(pixels), _perceptual(pixels))


def _rgba(image: Image) -> Image:
    image = image if image.interpretation == "srgb" else image.colourspace("srgb")
    return image if image.hasalpha() else image.addalpha()


def _pixels(image: Image) -> list[Pixel]:
    memory = bytes(image.cast("uchar").write_to_memory())
    return list(zip(memory[0::4], memory[1::4], memory[2::4], memory[3::4], strict=True))


def _dominant(pixels: list[Pixel]) -> str:
    """The average of the fullest of 4,096 boxes of colours, so that the result is a colour of the image."""
    seen = [pixel for pixel in pixels if pixel[3] >= 128] or pixels
    boxes = Counter((red >> 4, green >> 4, blue >> 4) for red, green, blue, _ in seen)
    most = max(boxes.values())
    fullest = min(box for box, count in boxes.items() if count == most)
    members = [pixel for pixel in seen if (pixel[0] >> 4, pixel[1] >> 4, pixel[2] >> 4) == fullest]
    red, green, blue = (round(sum(pixel[band] for pixel in members) / len(members)) for band in range(3))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _perceptual(pixels: list[Pixel]) -> str | None:
    """One bit for each of the 64 lowest cosine terms: 1 above their median, else 0. Scaling, compression and small
    edits change few bits."""
    grey = [(299 * red + 587 * green + 114 * blue) * alpha / 255_000 for red, green, blue, alpha in pixels]
    terms = transform(grey, _SIDE, _SIDE, _HASH_SIDE, _HASH_SIDE)
    flat = [terms[row][column] for row in range(_HASH_SIDE) for column in range(_HASH_SIDE)]
    if max(map(abs, flat[1:])) < _FLAT:
        return None
    median = sorted(flat[1:])[len(flat) // 2 - 1]
    bits = "".join("1" if term > median else "0" for term in flat)
    return f"{int(bits, 2):016x}"
