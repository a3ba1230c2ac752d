"""Shards are read in parallel: the number at once, the order, and the errors."""

import threading
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import READERS, Slice
from pixelfleet.catalog.schema import IMAGE_INDEX_SHARDS, TABLES
from pixelfleet.domain.records import Status
from pixelfleet.errors import TransientError
from pixelfleet.operations.batch_images import batch_images
from tests.catalog_conformance import aim
from tests.fakes.dynamodb import FakeDynamoDb


class Meeting(FakeDynamoDb):
    """Answers no query before `party` queries are there together; `most` is the largest number of queries at once."""

    def __init__(self, party: int) -> None:
        super().__init__((table.name, table) for table in TABLES)
        self.queries = self.most = self._now = 0
        self._count = threading.Lock()
        self._barrier = threading.Barrier(party)

    def query(self, **request: Any) -> dict[str, Any]:
        with self._count:
            self.queries += 1
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            self._barrier.wait(timeout=10)
            return super().query(**request)
        finally:
            with self._count:
                self._now -= 1


def images_on(client: Any) -> Images:
    return Images(client, "images", "batches")


def test_all_shards_of_all_statuses_are_queried_in_parallel_with_at_most_one_query_per_reader() -> None:
    client = Meeting(party=READERS)
    images = images_on(client)
    for number in range(20):
        images.claim(aim(f"{number:02}.jpg"), 5, None)
    actual = [image.path for image in batch_images(images, "me", "b1")]
    assert actual == [f"{number:02}.jpg" for number in range(20)]
    assert client.queries == IMAGE_INDEX_SHARDS * len(Status)
    assert client.most == READERS


def test_further_pages_are_fetched_only_as_they_are_consumed() -> None:
    client = Meeting(party=1)
    images = images_on(client)
    for number in range(200):
        images.claim(aim(f"{number:03}.jpg", at=number % 60), 5, None)
    entries = images.of_owner("me", Slice(newest_first=True, page_size=5))
    next(entries)
    assert client.queries == IMAGE_INDEX_SHARDS
    assert len(list(entries)) == 199


def test_a_shard_that_cannot_be_read_is_a_transient_error_and_not_a_shorter_list() -> None:
    class Deaf(FakeDynamoDb):
        def query(self, **request: Any) -> dict[str, Any]:
            if request["ExpressionAttributeValues"][":shard"]["S"].endswith("#3"):
                raise ConnectTimeoutError(endpoint_url="https://dynamodb")
            return super().query(**request)

    images = images_on(Deaf((table.name, table) for table in TABLES))
    with pytest.raises(TransientError, match="could not read the index"):
        list(images.of_owner("me"))
