"""The addresses of results and originals for pages and programs."""

import time
from typing import Final
from urllib.parse import urlencode

from dashboard.auth.stable_links import PARAMETER
from dashboard.site import Site
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.result_keys import parse_result_key
from pixelfleet.domain.stable_addresses import stable_address
from pixelfleet.domain.variant_files import file_named

#: Seconds for which an address is valid that is followed at once.
SOON: Final = 300
#: The formats, by the worker's names, that browsers draw by themselves.
DRAWABLE: Final = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "bmp": "image/bmp",
}
#: The content types of results. Other files are data for the dashboard's scripts, such as the zoom viewer.
_PICTURES: Final = frozenset({*DRAWABLE.values(), "image/jxl", "image/tiff"} - {"image/bmp"})
_DATA: Final = "text/xml; charset=utf-8"
#: The policy of every result: a result that is opened on the dashboard's own origin runs no script.
SANDBOX: Final = "default-src 'none'; sandbox"
#: Bytes up to which an original is drawn beside its variants.
MOST_DRAWN: Final = 40_000_000


def link_of(site: Site, variant: StoredVariant, seconds: int) -> str:
    """An address of a variant that everybody can follow until it expires."""
    if site.cloudfront is not None:
        return site.cloudfront.link(variant.key, seconds)
    return site.deployment.links.result(variant.key, seconds)


def stable_link_of(site: Site, image: Image, name: str, seconds: int) -> str:
    """A stable address that everybody can follow until it expires, or for ever if results are public.

    `name` is a variant, or a file of one (`card.avif`); the signature is for the variant in any of its formats.
    """
    variant, _, extension = name.partition(".")
    address = site.url + stable_address(image, variant, extension or None)
    if site.settings.public_results:
        return address
    signed = site.stable_links.sign(image.image_id, variant, int(time.time()) + seconds)
    return f"{address}?{urlencode({PARAMETER: signed})}"


def type_shown(content_type: str) -> str:
    """The content type of a stored result."""
    return content_type if content_type in _PICTURES else _DATA


def tag_of(key: str) -> str:
    """The entity tag of a result: its revision and its file, since a result never changes under its key."""
    parts = parse_result_key(key)
    return f'"{parts.folder}/{parts.file}"' if parts else f'"{key}"'


def drawable(image: Image) -> bool:
    """Whether a browser can show the original."""
    return image.format in DRAWABLE and (image.bytes or 0) <= MOST_DRAWN


def variant_of(image: Image, name: str) -> StoredVariant | None:
    """The file of a name, also with an extension (`card.avif`); of several formats, the format for everybody."""
    return file_named(image.variants, name)


def is_lazy(site: Site, image: Image, name: str) -> bool:
    """Whether a text names a lazy variant, or a file of one, that is not made yet."""
    stem, _, extension = name.partition(".")
    lazy = site.lazy.recipes.find(image, stem)
    return lazy is not None and lazy.may_have(extension or None)


def tiles_of(image: Image) -> StoredVariant | None:
    """The set of tiles of an image."""
    return next((variant for variant in image.variants if variant.files > 1), None)


def thumb_of(image: Image) -> StoredVariant | None:
    """The smallest variant that a list can show; tiles are not a picture."""
    pictures = [v for v in image.variants if v.files == 1 and v.content_type.startswith("image/")]
    return min(pictures, key=lambda v: (v.width < 200, v.width * v.height, v.format in ("avif", "jxl")), default=None)
