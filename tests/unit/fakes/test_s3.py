"""The fake S3 passes the suite of the embedded cloud, and sends the events that only the real service sends."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from moto import mock_aws

from pixelfleet.domain.jobs import JobKind
from pixelfleet.domain.s3_events import parse_message
from pixelfleet.domain.sequencers import pad_sequencer
from tests.clock import Clock
from tests.fakes.s3 import FakeS3
from tests.s3_archive_conformance import BULK, S3ArchiveConformance
from tests.s3_conformance import S3Conformance, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class TestS3OnTheFake(S3Conformance):
    @pytest.fixture
    def s3(self) -> "S3Client":
        return cast("S3Client", FakeS3())


class TestArchivesOnTheFake(S3ArchiveConformance):
    @pytest.fixture
    def s3(self) -> "S3Client":
        return cast("S3Client", FakeS3())

    def finish(self, s3: Any, bucket: str, key: str) -> None:
        s3.finish_restore(bucket, key)


class TestArchivesOnMoto(S3ArchiveConformance):
    @pytest.fixture
    def s3(self) -> Iterator["S3Client"]:
        with mock_aws():
            yield boto3.client("s3", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")

    def finish(self, s3: Any, bucket: str, key: str) -> None:
        """moto restores at once."""


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


def archived() -> tuple[FakeS3, Clock, list[str]]:
    """A fake S3 with one object in GLACIER, its clock, and the names of its events."""
    clock = Clock(1_790_000_000.0)
    names: list[str] = []
    s3 = FakeS3(clock, lambda _bucket, record: names.append(record["eventName"]))
    s3.create_bucket(Bucket="b")
    s3.put_object(Bucket="b", Key="a", Body=b"x", StorageClass="GLACIER")
    return s3, clock, names


def test_a_restore_takes_time_cannot_begin_twice_and_sends_an_event_at_its_end() -> None:
    s3, _, names = archived()
    s3.restore_object(Bucket="b", Key="a", RestoreRequest=BULK)
    assert s3.head_object(Bucket="b", Key="a")["Restore"] == 'ongoing-request="true"'
    assert code_of(s3.get_object, Bucket="b", Key="a") == "InvalidObjectState"
    assert code_of(s3.restore_object, Bucket="b", Key="a", RestoreRequest=BULK) == "RestoreAlreadyInProgress"
    s3.finish_restore("b", "a")
    assert s3.get_object(Bucket="b", Key="a")["Body"].read() == b"x"
    assert names == ["ObjectCreated:Put", "ObjectRestore:Post", "ObjectRestore:Completed"]


def test_a_restored_copy_expires() -> None:
    s3, clock, _ = archived()
    s3.restore_object(Bucket="b", Key="a", RestoreRequest=BULK)
    s3.finish_restore("b", "a")
    clock.now += 2 * 86_400 + 1
    assert code_of(s3.get_object, Bucket="b", Key="a") == "InvalidObjectState"
    assert "Restore" not in s3.head_object(Bucket="b", Key="a")


def test_a_listing_shows_only_on_request_that_an_object_is_restored() -> None:
    s3, _, _ = archived()
    s3.restore_object(Bucket="b", Key="a", RestoreRequest=BULK)
    s3.finish_restore("b", "a")
    [plain] = s3.list_objects_v2(Bucket="b")["Contents"]
    [asked] = s3.list_objects_v2(Bucket="b", OptionalObjectAttributes=["RestoreStatus"])["Contents"]
    assert "RestoreStatus" not in plain
    assert asked["RestoreStatus"]["IsRestoreInProgress"] is False


def test_a_restore_from_intelligent_tiering_takes_no_days_and_leaves_no_copy() -> None:
    s3, _, _ = archived()
    s3.put_object(Bucket="b", Key="tiered", Body=b"x")
    s3.archive("b", "tiered", "ARCHIVE_ACCESS")
    assert s3.head_object(Bucket="b", Key="tiered")["ArchiveStatus"] == "ARCHIVE_ACCESS"
    assert code_of(s3.restore_object, Bucket="b", Key="tiered", RestoreRequest=BULK) == "MalformedXML"
    s3.restore_object(Bucket="b", Key="tiered", RestoreRequest={"GlacierJobParameters": {"Tier": "Bulk"}})
    s3.finish_restore("b", "tiered")
    assert "ArchiveStatus" not in s3.head_object(Bucket="b", Key="tiered")
