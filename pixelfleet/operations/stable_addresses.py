"""The image and the stored file that a stable address leads to now."""

from typing import Final

from pixelfleet.catalog.images import Images
from pixelfleet.domain.keys import MAX_KEY_BYTES, batch_prefix, image_id
from pixelfleet.domain.records import Image, Status, StoredVariant
from pixelfleet.domain.stable_addresses import ById, ByPath, StableAddress
from pixelfleet.domain.variant_files import file_named, moves
from pixelfleet.errors import SetupError

#: The states of an image that may have results.
_WITH_RESULTS: Final = (Status.READY, Status.PROCESSING, Status.QUEUED, Status.FAILED)


def image_at(images: Images, uploads_bucket: str, place: ById | ByPath) -> Image | None:
    """The image that a place names, also without results; None if there is no image, or it is deleted.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    image = images.get(place.image_id) if isinstance(place, ById) else _by_path(images, uploads_bucket, place)
    return None if image is None or image.status is Status.DELETED else image


def stored_at(image: Image, address: StableAddress, accept: str) -> StoredVariant | None:
    """The file of the present revision that an address leads to, for a client that sends this `Accept`.

    None if the image has no such variant, or not in that format. Tiles have no stable address: their viewers build
    the address of each tile from that of the entry file.
    """
    name = address.variant if address.extension is None else f"{address.variant}.{address.extension}"
    stored = [one for one in image.variants if one.files == 1]
    return file_named(stored, name, accept, moves=moves(image))


def _by_path(images: Images, uploads_bucket: str, place: ByPath) -> Image | None:
    if len(place.path.encode()) > MAX_KEY_BYTES:
        return None
    try:
        key = f"{batch_prefix(place.owner, place.batch)}{place.path}"
    except SetupError:
        return None
    image = images.get(image_id(uploads_bucket, key))
    if image is not None and _is_at(image, place):
        return image
    return _by_batch(images, place)


def _by_batch(images: Images, place: ByPath) -> Image | None:
    """An image whose owner and batch are not read from its key: a route gives them, or it is another bucket."""
    for status in _WITH_RESULTS:
        image_id_at = images.at_path(place.owner, place.batch, status, place.path)
        image = images.get(image_id_at) if image_id_at is not None else None
        if image is not None and _is_at(image, place):
            return image
    return None


def _is_at(image: Image, place: ByPath) -> bool:
    return (image.owner, image.batch, image.path) == (place.owner, place.batch, place.path)
