"""Records as DynamoDB items: attributes, index keys, and the shards that spread one large batch or owner."""

import hashlib
import zlib
from enum import Enum
from typing import Any, Final

from pixelfleet.catalog.schema import BATCH_COUNTER_SHARDS, IMAGE_INDEX_SHARDS, IMAGES, MOST_SORT_BYTES
from pixelfleet.domain.keys import shortened
from pixelfleet.domain.records import FAILURES, Batch, Image, Record, Status
from pixelfleet.domain.users import User

#: Attributes for the indexes: computed at each write, and not part of a record.
_IMAGE_KEYS: Final = frozenset(key for index in IMAGES.indexes for key in (index.hash_key, index.range_key)).difference(
    Image.model_fields
)
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], (), {})
#: Bytes of a path in the range key of by_batch: a status and `#` come before the path.
LONGEST_PATH: Final = MOST_SORT_BYTES - len(f"{Status.PROCESSING}#")


def image_item(image: Image) -> dict[str, Any]:
    """The item of an image: fields that are None or empty are left out, index keys are added."""
    known = Image.model_fields
    item = {name: value for name, value in fields_of(image).items() if name not in known or value not in _EMPTY}
    item["owner_shard"] = f"{image.owner}#{index_shard(image.image_id)}"
    item["uploaded_sort"] = f"{image.uploaded_at}#{image.image_id}"
    if image.batch:
        item["batch_shard"] = f"{image.owner}/{image.batch}#{index_shard(image.image_id)}"
        item["status_sort"] = batch_sort(image.status, image.path)
    if image.status is Status.FAILED:
        item["failure_shard"] = f"{FAILURES}#{index_shard(image.image_id)}"
        item["failure_sort"] = f"{image.cause}#{image.finished_at}#{image.image_id}"
    return item


def image_of(item: dict[str, Any]) -> Image:
    """The image of an item, including the attributes of a newer release."""
    return Image.model_validate({name: value for name, value in item.items() if name not in _IMAGE_KEYS})


def batch_item(batch: Batch) -> dict[str, Any]:
    """The item of a batch."""
    item = {name: value for name, value in fields_of(batch).items() if value is not None}
    return item | {"listing": "batch"}


def user_item(user: User) -> dict[str, Any]:
    """The item of a user: fields that are None are left out, and no attribute of a newer release."""
    known = User.model_fields
    item = {name: value for name, value in fields_of(user).items() if name not in known or value is not None}
    return item | {"user_id": f"user#{user.name}"}


def user_of(item: dict[str, Any]) -> User:
    """The user that an item holds."""
    return User.model_validate({name: value for name, value in item.items() if name != "user_id"})


def fields_of(record: Record) -> dict[str, Any]:
    """A record's attributes in the form of DynamoDB's serializer; unknown attributes exactly as they were read."""
    plain: dict[str, Any] = _plain(record.model_dump())
    return plain


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case dict():
            return {name: _plain(entry) for name, entry in value.items()}
        case _:
            return value


def batch_sort(status: str, path: str) -> str:
    """The range key of by_batch.

    A path that is too long for the key is cut, and ends in a digest of the whole path: an image of an adopted bucket
    has its whole key as its path, and a key has up to 1,024 bytes. All statuses cut alike, so that their lists merge.
    """
    return f"{status}#{shortened(path, LONGEST_PATH, path.encode())}"


def index_shard(image_id: str) -> int:
    return zlib.crc32(image_id.encode()) % IMAGE_INDEX_SHARDS


def counter_shard(image_id: str) -> int:
    return zlib.crc32(image_id.encode()) % BATCH_COUNTER_SHARDS


def fingerprint(image_id: str) -> int:
    """Sums of these tell sets of images apart. 32 bits: the sum of a million is exact as a double, too."""
    return int.from_bytes(hashlib.blake2b(image_id.encode(), digest_size=4).digest())
