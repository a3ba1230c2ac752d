"""Removed images that CloudFront's edge caches may still have: items of the activity table.

A worker adds an image after deleting its results, and before removing the results from its record. The sender of
invalidations reads the items, and deletes the items that CloudFront accepted. Why: docs/decisions/cdn-invalidations.md.
"""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import from_attributes, to_attributes, write
from pixelfleet.domain.records import Image, timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Partitions that a large removal's writes are spread over.
SHARDS: Final = 8


@dataclass(frozen=True, slots=True)
class PendingInvalidation:
    """One removed image. `at` is the item's sort key: each deletion of an image's results has another."""

    owner: str
    image_id: str
    at: str

    @property
    def stream(self) -> str:
        return _stream(zlib.crc32(self.image_id.encode()) % SHARDS)


class Invalidations:
    """Every method raises TransientError when DynamoDB does not answer."""

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def add(self, image: Image) -> None:
        """Note a removed image whose results were just deleted. A deletion may be noted twice.

        The time is part of the item's key, and so of the reference that CloudFront gets: results that are deleted
        later, of the same removal, are invalidated once more.
        """
        at = f"{image.owner}/{image.image_id}/{image.sequencer}/{timestamp(self._clock())}"
        pending = PendingInvalidation(image.owner, image.image_id, at)
        item = {"stream": pending.stream, "at": at, "owner": image.owner, "image_id": image.image_id}
        with translated("note an image to be invalidated"):
            write(self._client.put_item, TableName=self._table, Item=to_attributes(item))

    def pending(self, most: int, first: int = 0) -> list[PendingInvalidation]:
        """At most so many of the noted images, in order of their owners within each partition.

        Readers that begin at different partitions, `first`, do not repeat each other's work.
        """
        pending: list[PendingInvalidation] = []
        for shard in range(SHARDS):
            if len(pending) < most:
                pending += self._read(_stream((first + shard) % SHARDS), most - len(pending))
        return pending

    def of_owner(self, owner: str, most: int) -> list[PendingInvalidation]:
        """At most so many of an owner's noted images."""
        pending: list[PendingInvalidation] = []
        for shard in range(SHARDS):
            if len(pending) < most:
                pending += self._read(_stream(shard), most - len(pending), f"{owner}/")
        return pending

    def done(self, sent: Iterable[PendingInvalidation]) -> None:
        """Delete the items of images that CloudFront has invalidated."""
        for pending in sent:
            key = to_attributes({"stream": pending.stream, "at": pending.at})
            with translated("note that an image is invalidated"):
                write(self._client.delete_item, TableName=self._table, Key=key)

    def _read(self, stream: str, most: int, prefix: str = "") -> list[PendingInvalidation]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#stream = :stream",
            "ExpressionAttributeNames": {"#stream": "stream"},
            "ExpressionAttributeValues": {":stream": {"S": stream}},
            "Limit": most,
        }
        if prefix:
            query["KeyConditionExpression"] += " AND begins_with(#at, :prefix)"
            query["ExpressionAttributeNames"]["#at"] = "at"
            query["ExpressionAttributeValues"][":prefix"] = {"S": prefix}
        with translated("read which images are to be invalidated"):
            items = [from_attributes(item) for item in self._client.query(**query)["Items"]]
        return [PendingInvalidation(item["owner"], item["image_id"], item["at"]) for item in items]


def _stream(shard: int) -> str:
    return f"invalidations#{shard}"
