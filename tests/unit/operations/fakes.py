"""A deployment for tests of operations: a catalog in memory, queues that keep jobs, a bucket that keeps objects."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.catalog.activity import Activity
from pixelfleet.catalog.background import BackgroundTasks
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.recipes import RecipeTexts
from pixelfleet.catalog.registry import RecipeRegistry
from pixelfleet.catalog.schema import TABLES
from pixelfleet.domain.jobs import Job, Lane
from pixelfleet.settings import Settings
from tests.fakes.dynamodb import FakeDynamoDb


@dataclass
class FakeQueues:
    """Keeps the jobs that are sent. `on_send` is called after each call, like a quick worker that takes the jobs."""

    sent: list[tuple[Lane, Job]] = field(default_factory=list)
    on_send: Callable[[list[Job]], None] = lambda _: None

    def send(self, lane: Lane, jobs: Any, group: str | None = None) -> list[Job]:
        taken = list(jobs)
        self.sent += [(lane, job) for job in taken]
        self.on_send(taken)
        return []

    def send_one(self, lane: Lane, job: Job) -> None:
        self.send(lane, [job])

    def depth(self, url: str) -> Any:
        return SimpleNamespace(waiting=0, in_flight=0, delayed=0)


@dataclass
class FakeBucket:
    """The uploads bucket: objects by key, each with its ETag."""

    name: str
    objects: dict[str, str] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def head(self, bucket: str, key: str) -> ObjectVersion | None:
        etag = self.objects.get(key)
        return None if etag is None else ObjectVersion(bucket, key, f"version-{etag}", etag, 9)

    def delete_original(self, bucket: str, key: str, etag: str | None = None) -> bool:
        if etag is not None and self.objects.get(key) not in (None, etag):
            return False
        self.objects.pop(key, None)
        self.deleted.append(key)
        return True

    def pages(self, bucket: str, prefix: str = "", after: str = "") -> Iterator[list[ListedObject]]:
        keys = [key for key in sorted(self.objects) if key.startswith(prefix) and key > after]
        listed = [ListedObject(key, self.objects[key], 9, datetime.now(UTC)) for key in keys]
        yield from (listed[start : start + 1_000] for start in range(0, len(listed), 1_000))


@dataclass
class FakeNotices:
    """Keeps the completed batches that were announced, and the ids of the notices of images."""

    batches: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)

    def image(self, image: Any) -> None:
        self.images.append(image.notice_id)

    def batch_completed(self, batch: Any, counts: Any) -> None:
        self.batches.append(batch.batch_id)


def fake_deployment() -> Any:
    client: Any = FakeDynamoDb((table.name, table) for table in TABLES)
    settings = Settings()
    bucket = FakeBucket(settings.uploads_bucket)
    return SimpleNamespace(
        settings=settings,
        images=Images(client, "images", "batches"),
        batches=Batches(client, "batches"),
        recipe_texts=RecipeTexts(client, "recipes"),
        recipe_registry=RecipeRegistry(client, "recipes"),
        activity=Activity(client, "activity"),
        background_tasks=BackgroundTasks(client, "activity"),
        queues=FakeQueues(),
        objects=bucket,
        listings=bucket,
        notices=FakeNotices(),
        bucket=bucket,
    )
