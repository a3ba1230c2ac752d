"""Sealing and completing a batch while DynamoDB refuses a write once, or the answer to a write is lost."""

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.recipes import RecipeTexts
from pixelfleet.catalog.registry import RecipeRegistry
from pixelfleet.catalog.schema import TABLES
from pixelfleet.domain.records import Counts, NoticeKind
from pixelfleet.errors import TransientError
from tests.catalog_conformance import Catalog, aim, in_a_minute, make_ready
from tests.fakes.dynamodb import FakeDynamoDb


class FaultyDynamoDb(FakeDynamoDb):
    """Raises each error of `before` instead of a write, then each error of `after` after a write is done."""

    def __init__(self) -> None:
        super().__init__((table.name, table) for table in TABLES)
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    def _write(self, actions: list[dict[str, Any]], *, single: bool) -> dict[str, Any]:
        if self.before:
            raise self.before.pop(0)
        item = super()._write(actions, single=single)
        if self.after:
            raise self.after.pop(0)
        return item


def cancelled(reasons: Iterable[str]) -> ClientError:
    reported: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(reported, "TransactWriteItems")


def conflict() -> ClientError:
    return ClientError({"Error": {"Code": "TransactionConflictException", "Message": "busy"}}, "UpdateItem")


@pytest.fixture
def dynamodb() -> FaultyDynamoDb:
    return FaultyDynamoDb()


@pytest.fixture
def catalog(dynamodb: FaultyDynamoDb) -> Catalog:
    client: Any = dynamodb
    batches = Batches(client, "batches")
    return Catalog(
        Images(client, "images", "batches"),
        batches,
        RecipeTexts(client, "recipes"),
        RecipeRegistry(client, "recipes"),
        Batches(client, "batches", in_a_minute),
    )


def test_a_seal_that_conflicts_with_a_transaction_is_repeated(catalog: Catalog, dynamodb: FaultyDynamoDb) -> None:
    catalog.batches.create("me", "b1")
    dynamodb.before = [cancelled(["None", "TransactionConflict"])]
    catalog.batches.seal("me", "b1", ["a", "b"])
    sealed = catalog.batches.get("me", "b1")
    assert sealed is not None
    assert sealed.expected == 2


def test_a_seal_of_a_missing_batch_is_an_error_at_once(catalog: Catalog) -> None:
    with pytest.raises(TransientError, match="seal a batch"):
        catalog.batches.seal("me", "nothing", ["a"])


def test_a_conflict_at_completion_does_not_count_as_a_completion_by_another_worker(
    catalog: Catalog, dynamodb: FaultyDynamoDb
) -> None:
    catalog.batches.create("me", "b1")
    image = make_ready(catalog, aim())
    catalog.batches.seal("me", "b1", [image.image_id])
    dynamodb.before = [conflict()]
    completed = catalog.batches.completed_by("me", "b1", image.image_id)
    assert completed is not None
    assert completed.notice is NoticeKind.BATCH_COMPLETED


def test_a_batch_that_is_sealed_again_during_a_check_does_not_complete_with_its_old_number(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.batches.create("me", "b1")
    image = make_ready(catalog, aim())
    catalog.batches.seal("me", "b1", [image.image_id])
    read = catalog.batches._shards

    def sealed_meanwhile(owner: str, name: str) -> Any:
        shards = read(owner, name)
        catalog.later.seal(owner, name, [image.image_id, "another"])
        return shards

    monkeypatch.setattr(catalog.batches, "_shards", sealed_meanwhile)
    assert catalog.batches.completed_by("me", "b1", image.image_id) is None
    sealed = catalog.batches.get("me", "b1")
    assert sealed is not None
    assert (sealed.expected, sealed.completed_at) == (2, None)


def test_a_completion_whose_answer_was_lost_is_announced_by_the_retry(
    catalog: Catalog, dynamodb: FaultyDynamoDb
) -> None:
    catalog.batches.create("me", "b1")
    image = make_ready(catalog, aim())
    catalog.batches.seal("me", "b1", [image.image_id])
    dynamodb.after = [ConnectionClosedError(endpoint_url="https://dynamodb")]
    with pytest.raises(TransientError):
        catalog.batches.completed_by("me", "b1", image.image_id)
    # The message comes back to any worker. The same image completed the batch, so the same image announces the batch.
    pending = catalog.batches.completed_by("me", "b1", image.image_id)
    assert pending is not None
    catalog.batches.announced(pending)
    assert catalog.batches.completed_by("me", "b1", image.image_id) is None


def test_only_the_image_that_completed_the_batch_announces_the_batch(catalog: Catalog) -> None:
    catalog.batches.create("me", "b1")
    images = [make_ready(catalog, aim(f"{number}.jpg")) for number in range(2)]
    catalog.batches.seal("me", "b1", [image.image_id for image in images])
    assert catalog.batches.completed_by("me", "b1", images[0].image_id) is not None
    assert catalog.batches.completed_by("me", "b1", images[1].image_id) is None


def add(dynamodb: FaultyDynamoDb, shard: int, **numbers: int) -> None:
    """Change counters of one shard of the batch me/b1."""
    names = {f"#{at}": name for at, name in enumerate(numbers)}
    dynamodb.update_item(
        TableName="batches",
        Key={"batch_id": {"S": f"me/b1#{shard:02}"}},
        UpdateExpression=f"ADD {', '.join(f'{each} :{each[1:]}' for each in names)}",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{at}": {"N": str(number)} for at, number in enumerate(numbers.values())},
    )


def test_counts_over_all_shards_are_never_below_zero(catalog: Catalog, dynamodb: FaultyDynamoDb) -> None:
    """A removal takes back an outcome that was never counted, or that is counted later."""
    catalog.batches.create("me", "b1")
    add(dynamodb, 1, n_ready=-1, n_deleted=4, **{"n_failed:crashed": -2, "n_failed:truncated": 3})
    assert catalog.batches.counts("me", "b1") == Counts(deleted=4, failed_by_cause={"truncated": 3})
    # The shards are added up first: one of them may be below 0.
    add(dynamodb, 2, n_ready=3)
    assert catalog.batches.counts("me", "b1").ready == 2
