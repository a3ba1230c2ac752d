"""Where results and originals are found: the addresses that pages and programs get."""

from typing import Final

from dashboard.site import Site
from pixelfleet.domain.records import Image, StoredVariant

#: Seconds that an address lives which is followed at once.
SOON: Final = 300
#: What browsers draw by themselves, of the formats that the worker names.
DRAWABLE: Final = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "bmp": "image/bmp",
}
#: Bytes up to which an original is drawn beside its variants.
MOST_DRAWN: Final = 40_000_000


def link_of(site: Site, variant: StoredVariant, seconds: int) -> str:
    """An address of a variant that whoever has it can follow until it expires."""
    if site.cloudfront is not None:
        return site.cloudfront.link(variant.key, seconds)
    return site.deployment.links.result(variant.key, seconds)


def drawable(image: Image) -> bool:
    """Whether a browser can show the original."""
    return image.format in DRAWABLE and (image.bytes or 0) <= MOST_DRAWN


def variant_of(image: Image, name: str) -> StoredVariant | None:
    return next((variant for variant in image.variants if variant.name == name), None)


def tiles_of(image: Image) -> StoredVariant | None:
    """The set of tiles of an image."""
    return next((variant for variant in image.variants if variant.files > 1), None)


def thumb_of(image: Image) -> StoredVariant | None:
    """The smallest variant that a list can show; tiles are no picture."""
    pictures = [v for v in image.variants if v.files == 1 and v.content_type.startswith("image/")]
    return min(pictures, key=lambda v: (v.width < 200, v.width * v.height), default=None)
