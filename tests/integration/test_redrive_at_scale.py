"""10,000 failures can be listed and redriven in bounded memory."""

import gc
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin, encode_message
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.transitions import Aim, Failure
from pixelfleet.errors import Cause
from pixelfleet.operations.dead_letter_passes import drop_settled
from pixelfleet.operations.failures import GroupBy, Selection, select, summarise
from pixelfleet.operations.redrive import Redrive, Sent
from pixelfleet.settings import Settings, load_settings
from tests.catalog_conformance import WEB
from tests.fakes.deployment import quick_queues, quick_tables
from tests.fakes.dynamodb import FakeDynamoDb

MANY = 10_000
#: Most records in memory at once: a few pages of a hundred.
ROOM = 2_000


class FakedDeployment(Deployment):
    """A deployment with the catalog in memory and with fake queues."""

    def __init__(self, settings: Settings, dynamodb: Any, sqs: Any) -> None:
        super().__init__(settings)
        self.__dict__ |= {"dynamodb": dynamodb, "sqs": sqs}


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in [name for name in os.environ if name.startswith("PIXELFLEET_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    settings = load_settings()
    return FakedDeployment(settings, quick_tables(settings), quick_queues(settings))


def fail_many(deployment: Deployment, table: FakeDynamoDb) -> None:
    """Write the records of images that crashed, and a dead letter for each image."""
    job = Job(JobKind.PROCESS, "uploads", "uploads/me/b1/0.jpg", "v", "e", "05", 100)
    aim = Aim(job, WEB, "r", "w", "2026-11-20T12:00:00.000Z")
    deployment.images.claim(aim, 5, None)
    first = deployment.images.record_failed(aim, Failure(Cause.CRASHED, "the worker died"))
    assert isinstance(first, Image)
    for start in range(0, MANY, 10):
        jobs = [replace(job, key=f"uploads/me/b1/{number}.jpg") for number in range(start, start + 10)]
        for one in jobs:
            image = first.model_copy(update={"image_id": one.image_id, "key": one.key})
            table.put_item(TableName=deployment.settings.images_table, Item=to_attributes(image_item(image)))
        entries: list[Any] = [
            {
                "Id": str(n),
                "MessageBody": encode_message(one.asked_by(Origin.REDRIVE), Lane.BULK),
                "MessageAttributes": {"cause": {"DataType": "String", "StringValue": "crashed"}},
            }
            for n, one in enumerate(jobs)
        ]
        deployment.sqs.send_message_batch(QueueUrl=deployment.settings.bulk_dlq_url, Entries=entries)


class Held:
    """The most records in memory at once, sampled at intervals. The fakes keep attributes and no Image objects."""

    def __init__(self) -> None:
        self.most = 0
        self._calls = 0

    def look(self) -> None:
        self._calls += 1
        if self._calls % 10_000 == 0:
            self.most = max(self.most, sum(isinstance(thing, Image) for thing in gc.get_objects()))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_thousand_failures_are_grouped_and_redriven_in_bounded_memory(many: Deployment) -> None:
    fail_many(many, many.__dict__["dynamodb"])
    held = Held()
    reported: list[int] = []

    def watched(images: Iterator[Image]) -> Iterator[Image]:
        for image in images:
            held.look()
            yield image

    summary = summarise(many, Selection(), GroupBy.CAUSE, lambda _: held.look())
    assert {group.name: group.count for group in summary.groups} == {"crashed": MANY}

    work = Redrive(many, "anna")
    for image in watched(work.send(select(many.images, Selection()), lambda: reported.append(work.done.sent))):
        assert image.status is Status.QUEUED
    assert work.done == Sent(sent=MANY)
    # Progress is reported after every ten images.
    assert reported == sorted(reported)
    assert len(reported) == MANY // 10

    done = drop_settled(many, Lane.BULK, Selection(), lambda _: held.look())
    assert (done.deleted, done.moved, done.left) == (MANY, 0, 0)
    assert many.queues.depth(many.settings.bulk_dlq_url).waiting == 0
    assert many.queues.depth(many.settings.bulk_queue_url).waiting == MANY
    assert list(many.images.failed()) == []
    assert 0 < held.most < ROOM
