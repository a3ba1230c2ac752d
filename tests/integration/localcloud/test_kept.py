"""The embedded cloud keeps acknowledged data after a kill, a full disk and a damaged file."""

import os
import re
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pixelfleet.errors import SetupError
from pixelfleet.localcloud.emulator import NAME, Emulator, start_emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.gateway import NOT_SAVED
from pixelfleet.localcloud.supervise import ProcessSupervisor
from tests.process_memory import memory_of

SMALL = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    opened = DataFolder.open(tmp_path / "data")
    yield opened
    opened.close()


@contextmanager
def _running(folder: DataFolder) -> Iterator[tuple[Emulator, ProcessSupervisor]]:
    with ProcessSupervisor() as supervisor:
        yield start_emulator(supervisor, folder), supervisor


def _client(emulator: Emulator, service: str) -> Any:
    session = boto3.Session(emulator.identity.access_key, emulator.identity.secret_key, region_name="us-east-1")
    return session.client(service, endpoint_url=emulator.endpoint_url, config=SMALL)  # type: ignore[call-overload]


def _make_table(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _count(dynamodb: Any) -> None:
    dynamodb.update_item(
        TableName="things",
        Key={"id": {"S": "counter"}},
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def _counted(dynamodb: Any) -> int:
    return int(dynamodb.get_item(TableName="things", Key={"id": {"S": "counter"}})["Item"]["n"]["N"])


def _kill(supervisor: ProcessSupervisor) -> None:
    os.kill(supervisor.pids()[NAME], signal.SIGKILL)


def test_records_and_objects_survive_a_kill_at_once(folder: DataFolder) -> None:
    with _running(folder) as (emulator, supervisor):
        assert not emulator.after_unclean_end
        dynamodb, s3 = _client(emulator, "dynamodb"), _client(emulator, "s3")
        _make_table(dynamodb)
        s3.create_bucket(Bucket="photos")
        s3.put_object(Bucket="photos", Key="a.jpg", Body=b"pixels")
        for _ in range(30):
            _count(dynamodb)
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            dynamodb.put_item(
                TableName="things", Item={"id": {"S": "counter"}}, ConditionExpression="attribute_not_exists(id)"
            )
        _kill(supervisor)
    for _ in range(2):
        with _running(folder) as (emulator, supervisor):
            assert emulator.after_unclean_end
            assert _counted(_client(emulator, "dynamodb")) == 30
            assert _client(emulator, "s3").get_object(Bucket="photos", Key="a.jpg")["Body"].read() == b"pixels"
            _kill(supervisor)
    with _running(folder) as (emulator, _):
        _count(_client(emulator, "dynamodb"))
    assert emulator.saved
    with _running(folder) as (emulator, _):
        assert not emulator.after_unclean_end
        assert _counted(_client(emulator, "dynamodb")) == 31


@pytest.mark.slow
def test_a_damaged_state_file_stops_the_start_and_stays(folder: DataFolder) -> None:
    for _ in range(2):
        with _running(folder) as (emulator, _):
            dynamodb = _client(emulator, "dynamodb")
            if not dynamodb.list_tables()["TableNames"]:
                _make_table(dynamodb)
            _count(dynamodb)
    last = max(folder.state.glob("generation-*")) / "dynamodb.json"
    last.write_bytes(last.read_bytes()[:-1])
    damaged = last.read_bytes()
    reason = re.escape(f"the state file {last} cannot be read: it is damaged or cut short")
    with pytest.raises(SetupError, match=reason), _running(folder):
        pass
    assert last.read_bytes() == damaged
    last.parent.rename(folder.root / "away")
    with _running(folder) as (emulator, _):
        assert _counted(_client(emulator, "dynamodb")) == 2


@pytest.mark.slow
def test_a_full_disk_is_reported_and_nothing_is_in_memory_alone(folder: DataFolder) -> None:
    with _running(folder) as (emulator, supervisor):
        dynamodb, s3 = _client(emulator, "dynamodb"), _client(emulator, "s3")
        _make_table(dynamodb)
        s3.create_bucket(Bucket="photos")
        _count(dynamodb)
        # Simulates a full disk: no file may grow beyond the journal's present size.
        size = max(path.stat().st_size for path in folder.state.glob("journal-*.log"))
        resource.prlimit(supervisor.pids()[NAME], resource.RLIMIT_FSIZE, (size, size))
        for call in (
            lambda: s3.put_object(Bucket="photos", Key="a.jpg", Body=bytes(1_000_000)),
            lambda: s3.upload_part(
                Bucket="photos",
                Key="b.jpg",
                PartNumber=1,
                UploadId=s3.create_multipart_upload(Bucket="photos", Key="b.jpg")["UploadId"],
                Body=bytes(1_000_000),
            ),
            lambda: _count(dynamodb),
        ):
            with pytest.raises(ClientError) as refused:
                call()
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert s3.list_objects_v2(Bucket="photos")["KeyCount"] == 0
        assert _counted(dynamodb) == 1
    assert not emulator.saved
    assert emulator.child is not None
    assert emulator.child.exit_code == NOT_SAVED
    with _running(folder) as (emulator, _):
        assert emulator.after_unclean_end
        assert _counted(_client(emulator, "dynamodb")) == 1


@pytest.mark.slow
def test_large_objects_pass_through_without_being_held(folder: DataFolder, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        for number in range(25):
            file.write(bytes([number]) * 8_000_000)
    with _running(folder) as (emulator, supervisor):
        s3 = _client(emulator, "s3")
        s3.create_bucket(Bucket="photos")
        s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
        for _ in range(2):
            s3.upload_file(str(large), "photos", "large")
        versions = s3.list_object_versions(Bucket="photos", Prefix="large")["Versions"]
        assert [version["Size"] for version in versions] == [200_000_000] * 2
        for version in versions:
            got = s3.get_object(Bucket="photos", Key="large", VersionId=version["VersionId"])
            assert _same(got["Body"], large)
        part = s3.get_object(Bucket="photos", Key="large", Range="bytes=15999990-16000009")
        assert part["Body"].read() == bytes([1]) * 10 + bytes([2]) * 10
        assert 0 < memory_of(supervisor.pids()[NAME]) < 150_000_000


def _same(body: Any, path: Path) -> bool:
    with path.open("rb") as file:
        return all(piece == file.read(len(piece)) for piece in body.iter_chunks(1 << 20)) and not file.read(1)
