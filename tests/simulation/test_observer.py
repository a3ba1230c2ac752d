"""The observer's rule about batches: what may complete a sealed batch, and what may not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pixelfleet.catalog.dynamo import to_attributes
from tests.simulation.environment import Environment
from tests.simulation.observer import Observer
from tests.simulation.step import BATCH, KEYS, OWNER

KEY = KEYS[0]


class Sealed:
    """A batch that was sealed when its key held a newer version than the record."""

    def __init__(self) -> None:
        self.environment = Environment(0)
        Observer(self.environment)
        versioning: Any = {"Status": "Enabled"}
        self.environment.cloud.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=versioning)
        old = self.put(b"old")
        self.record(source_version=old, etag="old", status="failed", counted="failed:unreadable")
        self.put(b"new")
        self.wait()
        self.as_command(lambda: self.batch(sealed_at="1"))

    @property
    def bucket(self) -> str:
        return self.environment.settings.uploads_bucket

    def put(self, body: bytes) -> str:
        return str(self.environment.cloud.s3.put_object(Bucket=self.bucket, Key=KEY, Body=body)["VersionId"])

    def delete(self) -> None:
        self.wait()
        self.environment.cloud.s3.delete_object(Bucket=self.bucket, Key=KEY)

    def wait(self) -> None:
        self.environment.scheduler.now += 10.0

    def record(self, **fields: str) -> None:
        item = {"image_id": "i1", "key": KEY, "owner": OWNER, "batch": BATCH, **fields}
        self._write(self.environment.settings.images_table, item)

    def batch(self, **fields: str) -> None:
        self._write(
            self.environment.settings.batches_table, {"batch_id": f"{OWNER}/{BATCH}", "sealed_at": "1", **fields}
        )

    def complete(self) -> list[str]:
        """The invariants that break when the batch completes now."""
        self.wait()
        self.as_command(lambda: self.batch(completed_at="2"))
        return [violation.invariant for violation in self.environment.violations]

    def as_command(self, action: Callable[[], None]) -> None:
        """Carry out as a process that began a moment ago."""
        process = self.environment.process("command")
        process.memory |= {"began": self.environment.scheduler.now - 1.0, "recorded": self.environment.recorded()}
        self.environment.scheduler.spawn(process, "command", action)
        self.environment.scheduler.run(lambda: False, 10_000)

    def _write(self, table: str, item: dict[str, Any]) -> None:
        self.environment.cloud.dynamodb.put_item(TableName=table, Item=to_attributes(item))


@pytest.fixture
def sealed() -> Iterator[Sealed]:
    sealed = Sealed()
    yield sealed
    sealed.environment.close()


def test_an_outcome_of_the_version_before_completes_no_batch(sealed: Sealed) -> None:
    assert sealed.complete() == ["no batch completes before its images are accounted for"]


def test_a_removal_after_the_seal_completes_a_batch_whatever_is_put_later(sealed: Sealed) -> None:
    sealed.delete()
    item = sealed.environment.recorded()[KEY]
    sealed.record(source_version=item[0], etag=item[1], status="deleted", counted="deleted")
    sealed.put(b"newer")
    assert sealed.complete() == []
