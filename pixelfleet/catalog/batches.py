"""The batches table: images uploaded together, counted in shards, completed once.

A batch's counters are in 32 items with separate partition keys, so that no single item takes every worker's writes.
Sealing writes the expected count of every shard in one transaction; a worker whose shard is full reads the
others; the conditional `completed_at` decides which worker announces. Each shard has the sum of the fingerprints of the
images that it expects, and of those that it has counted: a full shard with two different sums has counted an image
that was not there when the batch was sealed, in the place of an image that is still on its way.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import answers, batch_get, condition_lost, from_attributes, to_attributes, write
from pixelfleet.catalog.items import batch_item, counter_shard, fingerprint
from pixelfleet.catalog.schema import BATCH_COUNTER_SHARDS, BATCHES_BY_OWNER, BY_CREATED
from pixelfleet.domain.records import Batch, Counts, NoticeKind, RecipeRef, timestamp
from pixelfleet.domain.scores import Score
from pixelfleet.recipes import Metric

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Batches of one query: about a page of a list.
LISTED_AT_ONCE = 50
#: The time after a completion in which only the caller that completed the batch announces it.
UNANNOUNCED = timedelta(seconds=30)

_COUNTER = "n_"
_FAILED = "n_failed:"


class OtherImagesError(Exception):
    """A batch has counted as many images as it expects, but not the same ones; see `operations.completion`."""


class Batches:
    """Batches by owner and name. Every method raises TransientError when DynamoDB does not answer."""

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def create(
        self,
        owner: str,
        name: str,
        recipe: RecipeRef | None = None,
        source: str | None = None,
        *,
        by_move: bool = False,
    ) -> Batch:
        """Make the batch unless it exists; an existing batch keeps its recipe and its source."""
        batch = Batch(
            batch_id=f"{owner}/{name}",
            owner=owner,
            name=name,
            created_at=timestamp(),
            recipe=recipe,
            source=source,
            made_by_move=by_move or None,
        )
        with translated("create a batch"):
            try:
                write(
                    self._client.put_item,
                    TableName=self._table,
                    Item=to_attributes(batch_item(batch)),
                    ConditionExpression="attribute_not_exists(batch_id)",
                )
            except ClientError as error:
                if not condition_lost(error):
                    raise
                return self.get(owner, name) or batch
        return batch

    def get(self, owner: str, name: str) -> Batch | None:
        with translated("read a batch"):
            answer = self._client.get_item(TableName=self._table, Key=_key(owner, name), ConsistentRead=True)
        return Batch.model_validate(from_attributes(answer["Item"])) if "Item" in answer else None

    def set_min_score(self, owner: str, name: str, least: Score | None) -> bool:
        """Give the batch a gate, or take it away; False if there is no such batch. Images that are done stay so."""
        change: dict[str, Any] = {"UpdateExpression": "REMOVE min_score, min_ssimulacra2"}
        if least is not None:
            by_ssim = least.metric is Metric.SSIM
            attribute, other = ("min_score", "min_ssimulacra2") if by_ssim else ("min_ssimulacra2", "min_score")
            change = {
                "UpdateExpression": f"SET {attribute} = :score REMOVE {other}",
                "ExpressionAttributeValues": {":score": {"N": str(least.stored)}},
            }
        with translated("set the least score of a batch"):
            try:
                write(
                    self._client.update_item,
                    TableName=self._table,
                    Key=_key(owner, name),
                    ConditionExpression="attribute_exists(batch_id)",
                    **change,
                )
            except ClientError as error:
                if not condition_lost(error):
                    raise
                return False
        return True

    def forget_move(self, owner: str, name: str) -> None:
        """Forget that a move made the batch."""
        with translated("open a batch for uploads"):
            write(
                self._client.update_item,
                TableName=self._table,
                Key=_key(owner, name),
                UpdateExpression="REMOVE made_by_move",
                ConditionExpression="attribute_exists(batch_id)",
            )

    def seal(self, owner: str, name: str, image_ids: Iterable[str], seen: Batch | None = None) -> bool:
        """Declare the images of the batch. From now on the batch completes when all are accounted for.

        Sealing again, after more uploads, replaces the expectation. `seen` is the batch before its images were listed:
        if somebody has sealed the batch since, or has opened the batch of a move for uploads, nothing is written, and
        False is returned.
        """
        now = {"sealed_at": timestamp(self._clock())}
        return self._expect(owner, name, image_ids, now, seen)

    def count_anew(self, batch: Batch, image_ids: Iterable[str]) -> bool:
        """Replace the expectation of a sealed batch; False if somebody has sealed or completed the batch since."""
        return self._expect(batch.owner, batch.name, image_ids, {}, batch)

    def _expect(
        self, owner: str, name: str, image_ids: Iterable[str], also: dict[str, str], seen: Batch | None
    ) -> bool:
        expected: Counter[int] = Counter()
        sums: Counter[int] = Counter()
        for image_id in image_ids:
            expected[counter_shard(image_id)] += 1
            sums[counter_shard(image_id)] += fingerprint(image_id)
        shards: list[Any] = [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": _key(owner, name, shard),
                    "UpdateExpression": "SET expected = :expected, expected_sum = :sum",
                    "ExpressionAttributeValues": {
                        ":expected": {"N": str(expected[shard])},
                        ":sum": {"N": str(sums[shard])},
                    },
                }
            }
            for shard in range(BATCH_COUNTER_SHARDS)
        ]
        values: dict[str, Any] = {":expected": {"N": str(expected.total())}} | {
            f":{field}": {"S": at} for field, at in also.items()
        }
        condition = "attribute_exists(batch_id)"
        if seen is not None and seen.sealed_at is None:
            condition += " AND attribute_not_exists(sealed_at)"
        elif seen is not None:
            condition += " AND sealed_at = :seen"
            values[":seen"] = {"S": seen.sealed_at or ""}
        if seen is not None and seen.made_by_move:
            condition += " AND attribute_exists(made_by_move)"
        if not also:
            condition += " AND attribute_not_exists(completed_at)"
        head: Any = {
            "Update": {
                "TableName": self._table,
                "Key": _key(owner, name),
                "UpdateExpression": "SET " + ", ".join(f"{field} = :{field}" for field in ("expected", *also)),
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
            }
        }
        with translated("seal a batch"):
            try:
                write(self._client.transact_write_items, TransactItems=[head, *shards])
            except ClientError as error:
                if seen is None or not condition_lost(error):
                    raise
                return False
        return True

    def counts(self, owner: str, name: str) -> Counts:
        """The counts of the batch, over all shards, none of them below 0.

        A counter is below 0 if the outcome that a removal takes back was never counted, as in a catalog that was
        restored from a backup, or is counted after the removal. The removed image itself is counted as deleted, so the
        true number of ready or failed images is 0. Completion reads the counters of the shards as they are.
        """
        raw = self.counters(owner, name)
        failed = {cause: number for cause, number in raw.failed_by_cause.items() if number > 0}
        return Counts(ready=max(raw.ready, 0), deleted=max(raw.deleted, 0), failed_by_cause=failed)

    def counters(self, owner: str, name: str) -> Counts:
        """The counters of the batch as they are, over all shards. `counts` is for people."""
        return _merge(self._shards(owner, name))

    def completed_by(self, owner: str, name: str, image_id: str) -> Batch | None:
        """After a record: whether the image was the batch's last one.

        Returns the batch to the caller that is to announce its completion (see `complete`), else None. Reads one
        counter while the image's own shard is not full.

        Raises:
            OtherImagesError: see `complete`.
        """
        if not self._shard_full(owner, name, counter_shard(image_id)):
            return None
        return self.complete(owner, name, image_id)

    def complete(self, owner: str, name: str, caller: str = "", *, by_number: bool = False) -> Batch | None:
        """Complete the batch if every shard is full; returns the batch to the caller that is to announce it.

        That is the caller that completed the batch. `caller` names it, so that the same caller is recognised if the
        answer to its write was lost: a worker gives the image's id, and so a redelivered message announces the batch.
        If the announcement is still pending after `UNANNOUNCED`, the next caller announces. Two workers that record the
        last two images at once announce the batch once.

        Raises:
            OtherImagesError: the shards are full, but of other images than were there at the seal, and the images do
                not count `by_number` alone.
        """
        batch = self.get(owner, name)
        if batch is None or batch.sealed_at is None:
            return None
        if batch.completed_at is not None:
            return self._left_unannounced(batch, caller)
        shards = self._shards(owner, name)
        if len(shards) < BATCH_COUNTER_SHARDS or not all(_full(shard) for shard in shards):
            return None
        if not by_number and not all(_has_the_expected(shard) for shard in shards):
            raise OtherImagesError(batch.batch_id)
        return self._complete(batch, caller or uuid.uuid4().hex)

    def _complete(self, batch: Batch, caller: str) -> Batch | None:
        with translated("complete a batch"):
            try:
                self._write_completion(batch, caller)
            except ClientError as error:
                if not condition_lost(error):
                    raise
                present = self.get(batch.owner, batch.name)
                return self._left_unannounced(present, caller) if present is not None else None
        return self.get(batch.owner, batch.name)

    def _write_completion(self, batch: Batch, caller: str) -> None:
        """Refused if the batch was sealed again since the read: the caller that sealed it completes the new number."""
        write(
            self._client.update_item,
            TableName=self._table,
            Key=_key(batch.owner, batch.name),
            UpdateExpression="SET completed_at = :now, completed_by = :caller, notice = :notice",
            ConditionExpression="sealed_at = :sealed AND attribute_not_exists(completed_at)",
            ExpressionAttributeValues={
                ":now": {"S": timestamp()},
                ":caller": {"S": caller},
                ":notice": {"S": NoticeKind.BATCH_COMPLETED.value},
                ":sealed": {"S": batch.sealed_at or ""},
            },
        )

    def _left_unannounced(self, batch: Batch, caller: str) -> Batch | None:
        if batch.notice is None or batch.completed_at is None:
            return None
        overdue = timestamp(self._clock() - UNANNOUNCED) > batch.completed_at
        return batch if overdue or batch.completed_by == caller else None

    def announced(self, batch: Batch) -> None:
        """Clear the pending notice."""
        with translated("note that a batch is announced"):
            write(
                self._client.update_item,
                TableName=self._table,
                Key=_key(batch.owner, batch.name),
                UpdateExpression="REMOVE notice",
            )

    def of_owner(self, owner: str, before: str = "") -> Iterator[Batch]:
        """An owner's batches, newest first; those made before a timestamp, if one is given."""
        return self._listed(BATCHES_BY_OWNER.name, BATCHES_BY_OWNER.hash_key, owner, before)

    def all(self, before: str = "") -> Iterator[Batch]:
        """Every batch, newest first; those made before a timestamp, if one is given."""
        return self._listed(BY_CREATED.name, BY_CREATED.hash_key, "batch", before)

    def _listed(self, index: str, hash_key: str, value: str, before: str) -> Iterator[Batch]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": index,
            "KeyConditionExpression": "#hash = :value",
            "ExpressionAttributeNames": {"#hash": hash_key},
            "ExpressionAttributeValues": {":value": {"S": value}},
            "ScanIndexForward": False,
            "Limit": LISTED_AT_ONCE,
        }
        if before:
            query["KeyConditionExpression"] += " AND created_at < :before"
            query["ExpressionAttributeValues"][":before"] = {"S": before}
        for answer in answers(self._client.query, "list batches", query):
            yield from (Batch.model_validate(from_attributes(item)) for item in answer["Items"])

    def _shard_full(self, owner: str, name: str, shard: int) -> bool:
        with translated("read a batch counter"):
            answer = self._client.get_item(TableName=self._table, Key=_key(owner, name, shard), ConsistentRead=True)
        return _full(from_attributes(answer.get("Item", {})))

    def _shards(self, owner: str, name: str) -> list[dict[str, Any]]:
        keys = [_key(owner, name, shard) for shard in range(BATCH_COUNTER_SHARDS)]
        return list(batch_get(self._client, self._table, keys))


def _key(owner: str, name: str, shard: int | None = None) -> dict[str, Any]:
    return {"batch_id": {"S": f"{owner}/{name}" if shard is None else f"{owner}/{name}#{shard:02}"}}


def _full(shard: dict[str, Any]) -> bool:
    return "expected" in shard and _merge([shard]).accounted >= shard["expected"]


def _has_the_expected(shard: dict[str, Any]) -> bool:
    return bool(shard.get("accounted_sum", 0) == shard.get("expected_sum"))


def _merge(shards: Iterable[dict[str, Any]]) -> Counts:
    total: Counter[str] = Counter()
    for shard in shards:
        total.update({name: value for name, value in shard.items() if name.startswith(_COUNTER)})
    failed = {name.removeprefix(_FAILED): n for name, n in total.items() if name.startswith(_FAILED) and n}
    return Counts(ready=total["n_ready"], deleted=total["n_deleted"], failed_by_cause=failed)
