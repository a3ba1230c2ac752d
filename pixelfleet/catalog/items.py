"""Records as DynamoDB items: attributes, index keys, and the shards that spread one large batch or owner."""

import zlib
from typing import Any

from pixelfleet.catalog.schema import BATCH_COUNTER_SHARDS, IMAGE_INDEX_SHARDS
from pixelfleet.domain.records import FAILURES, Batch, Image, Status
from pixelfleet.domain.users import User


def image_item(image: Image) -> dict[str, Any]:
    """The item of an image: fields that are None or empty are left out, index keys are added."""
    item = {name: value for name, value in image.model_dump(mode="json").items() if value not in (None, "", [], {})}
    item["owner_shard"] = f"{image.owner}#{index_shard(image.image_id)}"
    item["uploaded_sort"] = f"{image.uploaded_at}#{image.image_id}"
    if image.batch:
        item["batch_shard"] = f"{image.owner}/{image.batch}#{index_shard(image.image_id)}"
        item["status_sort"] = f"{image.status}#{image.path}"
    if image.status is Status.FAILED:
        item["failure_shard"] = f"{FAILURES}#{index_shard(image.image_id)}"
        item["failure_sort"] = f"{image.cause}#{image.finished_at}#{image.image_id}"
    return item


def image_of(item: dict[str, Any]) -> Image:
    """The image that an item holds."""
    return Image.model_validate(item)


def batch_item(batch: Batch) -> dict[str, Any]:
    """The item of a batch."""
    item = {name: value for name, value in batch.model_dump(mode="json").items() if value is not None}
    return item | {"listing": "batch"}


def user_item(user: User) -> dict[str, Any]:
    """The item of a user."""
    item = {name: value for name, value in user.model_dump(mode="json").items() if value is not None}
    return item | {"user_id": f"user#{user.name}"}


def user_of(item: dict[str, Any]) -> User:
    """The user that an item holds."""
    return User.model_validate(item)


def index_shard(image_id: str) -> int:
    return zlib.crc32(image_id.encode()) % IMAGE_INDEX_SHARDS


def counter_shard(image_id: str) -> int:
    return zlib.crc32(image_id.encode()) % BATCH_COUNTER_SHARDS
