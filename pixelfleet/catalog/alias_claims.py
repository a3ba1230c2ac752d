"""Which image an alias belongs to: an item for each alias, which the first image makes and later images cannot.

A claim is an item of the images table whose key begins with `alias#`. Ids of images have no `#`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import (
    CHANGE_TRIES,
    answers,
    batch_get,
    condition_lost,
    from_attributes,
    to_attributes,
    write,
)
from pixelfleet.catalog.schema import CLAIM_MARK
from pixelfleet.errors import Cause, TransientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PREFIX: Final = f"alias{CLAIM_MARK}"
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """An alias and the image that has it."""

    place: Place
    holder: str


class AliasClaims:
    """A place is a bucket and a key. Methods raise TransientError when DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", images_table: str) -> None:
        self._client = client
        self._table = images_table

    def claim(self, place: Place, image_id: str) -> str:
        """Claim an alias, unless another image has it; returns the image that has it afterwards."""
        item = _item(place, image_id)
        for _ in range(CHANGE_TRIES):
            with translated("claim an alias"):
                try:
                    write(
                        self._client.put_item,
                        TableName=self._table,
                        Item=to_attributes(item),
                        ConditionExpression="attribute_not_exists(image_id)",
                    )
                except ClientError as error:
                    if not condition_lost(error):
                        raise
                else:
                    return image_id
            present = self.holder(place)
            if present is not None:
                return present
        raise TransientError(Cause.THROTTLED, f"alias {place[1]!r} is being claimed by too many at once")

    def wait(self, place: Place, holder: str, image_id: str) -> None:
        """Note that an image waits for an alias that `holder` has, unless an earlier image waits."""
        with translated("wait for an alias"):
            try:
                write(
                    self._client.put_item,
                    TableName=self._table,
                    Item=to_attributes(_item(place, holder) | {"waits": image_id}),
                    ConditionExpression="holder = :holder AND attribute_not_exists(waits)",
                    ExpressionAttributeValues={":holder": {"S": holder}},
                )
            except ClientError as error:
                if not condition_lost(error):
                    raise

    def release(self, place: Place, image_id: str) -> str | None:
        """Free an alias that this image has; returns the image that waits for it. An alias of another image stays."""
        item = self._read(place)
        if item.get("holder") != image_id:
            return None
        with translated("release an alias"):
            try:
                write(
                    self._client.delete_item,
                    TableName=self._table,
                    Key={"image_id": {"S": _claim_id(place)}},
                    ConditionExpression="holder = :image",
                    ExpressionAttributeValues={":image": {"S": image_id}},
                )
            except ClientError as error:
                if not condition_lost(error):
                    raise
        return item.get("waits")

    def holder(self, place: Place) -> str | None:
        """The image that has an alias; None if the alias is free."""
        return self._read(place).get("holder")

    def holders(self, places: Iterable[Place]) -> dict[Place, str]:
        """The image of each of these aliases that is not free; a hundred a call."""
        keys = [{"image_id": {"S": _claim_id(place)}} for place in dict.fromkeys(places)]
        items = batch_get(self._client, self._table, keys)
        return {(str(item["bucket"]), str(item["alias"])): str(item["holder"]) for item in items}

    def pages(self) -> Iterator[list[Claim]]:
        """All claims, in no order; a page may be empty.

        Reads the whole table, a megabyte a page: for the sweep of reconcile alone. The read is eventually consistent.
        """
        query = {"TableName": self._table, "FilterExpression": "attribute_exists(holder)"}
        for answer in answers(self._client.scan, "look through the aliases", query):
            items = map(from_attributes, answer["Items"])
            yield [Claim((str(item["bucket"]), str(item["alias"])), str(item["holder"])) for item in items]

    def _read(self, place: Place) -> dict[str, str]:
        with translated("read an alias"):
            answer = self._client.get_item(
                TableName=self._table, Key={"image_id": {"S": _claim_id(place)}}, ConsistentRead=True
            )
        return from_attributes(answer.get("Item", {}))


def _item(place: Place, holder: str) -> dict[str, str]:
    return {"image_id": _claim_id(place), "bucket": place[0], "alias": place[1], "holder": holder}


def _claim_id(place: Place) -> str:
    return _PREFIX + hashlib.sha256("\0".join(place).encode()).hexdigest()[:40]
