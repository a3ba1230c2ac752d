"""The fake S3: the suite that the embedded cloud passes too, and the events that only the real service sends."""

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from pixelfleet.domain.jobs import JobKind
from pixelfleet.domain.records import pad_sequencer
from pixelfleet.domain.s3_events import parse_message
from tests.fakes.s3 import FakeS3
from tests.s3_conformance import S3Conformance

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class TestS3OnTheFake(S3Conformance):
    @pytest.fixture
    def s3(self) -> "S3Client":
        return cast("S3Client", FakeS3())


class Events:
    """A fake S3 with one bucket; `records` are the events that it sent."""

    def __init__(self, versioning: str = "Enabled") -> None:
        self.records: list[dict[str, Any]] = []
        self.s3 = FakeS3(on_event=lambda _bucket, record: self.records.append(record))
        self.s3.create_bucket(Bucket="b")
        if versioning:
            self.s3.put_bucket_versioning(Bucket="b", VersioningConfiguration={"Status": versioning})

    def names(self) -> list[str]:
        return [record["eventName"] for record in self.records]


def test_each_change_sends_one_event_whose_sequencer_is_greater() -> None:
    events = Events()
    for _ in range(4):
        events.s3.put_object(Bucket="b", Key="a", Body=b"x")
        events.s3.delete_object(Bucket="b", Key="a")
    sequencers = [pad_sequencer(record["s3"]["object"]["sequencer"]) for record in events.records]
    assert sequencers == sorted(set(sequencers))
    assert events.names() == ["ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated"] * 4


def test_an_unversioned_delete_is_an_event_without_a_version() -> None:
    events = Events(versioning="")
    events.s3.put_object(Bucket="b", Key="a", Body=b"x")
    events.s3.delete_object(Bucket="b", Key="a")
    events.s3.delete_object(Bucket="b", Key="a")
    assert events.names() == ["ObjectCreated:Put", "ObjectRemoved:Delete"]
    assert "versionId" not in events.records[-1]["s3"]["object"]


def test_lifecycle_rules_send_events_of_their_own() -> None:
    events = Events()
    old = events.s3.put_object(Bucket="b", Key="a", Body=b"x")["VersionId"]
    events.s3.put_object(Bucket="b", Key="a", Body=b"y")
    events.s3.expire_noncurrent("b", "a", old)
    events.s3.expire("b", "a")
    assert events.names()[2:] == ["LifecycleExpiration:Delete", "LifecycleExpiration:DeleteMarkerCreated"]


def test_the_producer_reads_the_events() -> None:
    events = Events()
    events.s3.put_object(Bucket="b", Key="naïve cat+1.jpg", Body=b"x")
    [job] = parse_message(json.dumps({"Records": events.records})).jobs
    assert (job.kind, job.key, job.bytes) == (JobKind.PROCESS, "naïve cat+1.jpg", 1)
