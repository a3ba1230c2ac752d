"""Addresses that stay: `/v/...` leads to the present revision of a variant, under any key.

The number of segments after `/v/` decides the form of an address, so that no name can be read in two ways:

- two segments: `/v/<image_id>/<variant>`;
- four or more: `/v/<owner>/<batch>/<path>/<variant>`, where only the path may have slashes;
- any other number is no address.

If the last segment is a variant's name, the request's `Accept` decides the format. If it is a name with the extension
of a file (`card.avif`), the address leads to this file. Names of variants have no dot.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pixelfleet.domain.records import Image

#: Everything below this path of the dashboard's address is a stable address.
STABLE_PATH: Final = "/v/"
_IMAGE_ID: Final = re.compile(r"[a-z2-7]{32}")
_VARIANT: Final = re.compile(r"(?P<name>[a-z][a-z0-9-]{0,63})(?:\.(?P<extension>[a-z0-9]{1,8}))?")


@dataclass(frozen=True, slots=True)
class ById:
    """The first form."""

    image_id: str


@dataclass(frozen=True, slots=True)
class ByPath:
    """The second form: a path in a batch."""

    owner: str
    batch: str
    path: str


@dataclass(frozen=True, slots=True)
class StableAddress:
    """The image, its variant, and the extension of the file (without a dot), None for any of its formats."""

    image: ById | ByPath
    variant: str
    extension: str | None = None


def parse_stable_address(rest: str) -> StableAddress | None:
    """The address that follows `/v/`, percent-decoded; None for a text that is no address."""
    *place, last = rest.split("/")
    variant = _VARIANT.fullmatch(last)
    image = _image(place)
    if variant is None or image is None:
        return None
    return StableAddress(image, variant["name"], variant["extension"])


def stable_address(image: Image, variant: str, extension: str | None = None) -> str:
    """The path of a variant's address, percent-encoded: by path if the image is in a batch, else by id.

    An address by path still works after the object is removed and uploaded again, like an address by id, and it names
    the picture. Clients do not send a path unchanged if a segment is empty, `.` or `..`: such a path has an address by
    id.
    """
    last = variant if extension is None else f"{variant}.{extension}"
    if image.batch is None or {"", ".", ".."} & set(image.path.split("/")):
        return address_by_id(image.image_id, last)
    return STABLE_PATH + "/".join(quote(part, safe="/@+=") for part in (image.owner, image.batch, image.path, last))


def address_by_id(image_id: str, variant: str) -> str:
    return f"{STABLE_PATH}{image_id}/{variant}"


def _image(place: list[str]) -> ById | ByPath | None:
    if len(place) == 1:
        return ById(place[0]) if _IMAGE_ID.fullmatch(place[0]) else None
    if len(place) < 3 or not (place[0] and place[1]):
        return None
    return ByPath(place[0], place[1], "/".join(place[2:]))
