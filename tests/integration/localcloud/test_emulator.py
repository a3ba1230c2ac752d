"""The embedded cloud keeps its data and refuses access without keys."""

import http.client
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pixelfleet.errors import SetupError
from pixelfleet.localcloud.emulator import Emulator, start_emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    opened = DataFolder.open(tmp_path / "data")
    yield opened
    opened.close()


def _session(emulator: Emulator) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=emulator.identity.access_key,
        aws_secret_access_key=emulator.identity.secret_key,
        region_name="us-east-1",
    )


def _status(settings: Settings, method: str, path: str) -> int:
    connection = http.client.HTTPConnection(str(settings.endpoint_url).removeprefix("http://"), timeout=10)
    connection.request(method, path)
    status = connection.getresponse().status
    connection.close()
    return status


def test_data_keys_and_address_survive_a_restart(folder: DataFolder) -> None:
    with ProcessSupervisor() as supervisor:
        before = start_emulator(supervisor, folder)
        s3 = _session(before).client("s3", endpoint_url=before.endpoint_url)
        s3.create_bucket(Bucket="photos")
        s3.put_object(Bucket="photos", Key="a/b.jpg", Body=b"pixels")
        sqs = _session(before).client("sqs", endpoint_url=before.endpoint_url)
        sqs.send_message(QueueUrl=sqs.create_queue(QueueName="work")["QueueUrl"], MessageBody="waiting")
    with ProcessSupervisor() as supervisor:
        after = start_emulator(supervisor, folder)
        s3 = _session(after).client("s3", endpoint_url=after.endpoint_url)
        sqs = _session(after).client("sqs", endpoint_url=after.endpoint_url)
        queue = sqs.get_queue_url(QueueName="work")["QueueUrl"]

        assert after.endpoint_url == before.endpoint_url
        assert after.identity == before.identity
        assert s3.get_object(Bucket="photos", Key="a/b.jpg")["Body"].read() == b"pixels"
        assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "waiting"


def test_a_taken_port_is_named(folder: DataFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ProcessSupervisor() as supervisor:
        port = server.getsockname()[1]
        with pytest.raises(SetupError, match=f"port {port} is taken by another program"):
            start_emulator(supervisor, folder, port=port)


@pytest.mark.parametrize("service", ["s3", "sqs", "sns", "dynamodb", "sts"])
@pytest.mark.parametrize("key", ["test", "000000000000", "the real one"])
def test_a_wrong_secret_opens_nothing(cloud: Emulator, service: str, key: str) -> None:
    access_key = cloud.identity.access_key if key == "the real one" else key
    client = boto3.Session(access_key, "wrong", region_name="us-east-1").client(  # type: ignore[call-overload]
        service, endpoint_url=cloud.endpoint_url
    )
    calls = {
        "s3": "list_buckets",
        "sqs": "list_queues",
        "sns": "list_topics",
        "dynamodb": "list_tables",
        "sts": "get_caller_identity",
    }
    with pytest.raises(ClientError, match=r"SignatureDoesNotMatch|InvalidAccessKeyId"):
        getattr(client, calls[service])()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/_ministack/health", 200),
        ("POST", "/_ministack/reset", 404),
        ("POST", "/_ministack/config", 404),
        ("GET", "/_ministack/sqs/messages", 404),
        ("GET", "/", 403),
        ("GET", "/?list-type=2", 403),
        ("POST", "/", 403),
    ],
)
def test_nothing_but_health_answers_the_unsigned(settings: Settings, method: str, path: str, status: int) -> None:
    assert _status(settings, method, path) == status


def test_a_presigned_address_works_without_keys_and_only_as_signed(settings: Settings) -> None:
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    s3.put_object(Bucket=settings.results_bucket, Key="a b+c.webp", Body=b"variant")
    place = {"Bucket": settings.results_bucket, "Key": "a b+c.webp"}
    path = s3.generate_presigned_url("get_object", Params=place).removeprefix(str(settings.endpoint_url))

    assert _status(settings, "GET", path) == 200
    assert _status(settings, "GET", path.replace("a%20b", "a%20x")) == 403


def test_versions_of_an_object_are_distinguished_and_none_is_held_in_memory(
    settings: Settings, cloud_folder: DataFolder
) -> None:
    s3 = boto3.client("s3")
    before = _resident(cloud_folder)
    body = bytes(1_000_000)
    versions = [
        s3.put_object(Bucket=settings.uploads_bucket, Key="big.bin", Body=body + str(number).encode())["VersionId"]
        for number in range(60)
    ]
    for number in (0, 30, 59):
        got = s3.get_object(Bucket=settings.uploads_bucket, Key="big.bin", VersionId=versions[number])
        assert got["Body"].read() == body + str(number).encode()
    assert _resident(cloud_folder) - before < 30_000_000
    s3.delete_object(Bucket=settings.uploads_bucket, Key="big.bin", VersionId=versions[59])
    current = s3.get_object(Bucket=settings.uploads_bucket, Key="big.bin")
    assert current["Body"].read() == body + b"58"


def _resident(folder: DataFolder) -> int:
    """The embedded cloud's memory in bytes, as Linux reports it for the process that listens for `folder`."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
            if (
                str(folder.objects).encode() in environment
                and b"localcloud.gateway" in command
                and b"child_guard" not in command
            ):
                return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue  # the process has ended
    pytest.skip("only Linux tells a process's memory by /proc")
