"""The running embedded cloud refuses requests without the keys, and still serves browsers and tools with the keys."""

import hashlib
import http.client
import os
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from pixelfleet.localcloud.emulator import Emulator
from pixelfleet.settings import Settings
from tests.operations import operations
from tests.process_memory import memory_of
from tests.unit.localcloud.test_door import UNAUTHORISED

V4 = Config(signature_version="s3v4")


def _address(settings: Settings) -> str:
    return str(settings.endpoint_url).removeprefix("http://")


def _ask(
    address: str, method: str, target: str, headers: list[tuple[str, str]], body: bytes = b""
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.putrequest(method, target, skip_host=any(name.lower() == "host" for name, _ in headers))
    for name, value in headers:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.mark.parametrize("service", ["s3", "sqs", "sns", "dynamodb", "sts"])
def test_no_operation_answers_without_a_signature(settings: Settings, service: str) -> None:
    for operation in operations(service):
        for headers in UNAUTHORISED.values():
            answer = _ask(
                _address(settings), operation.method, operation.target, [*operation.headers, *headers], operation.body
            )
            assert answer.status >= 400, f"{operation} with {headers}"


def test_a_foreign_name_of_this_machine_gets_nothing(settings: Settings) -> None:
    for host in ("evil.example", f"evil.example:{_address(settings).rpartition(':')[2]}"):
        assert _ask(_address(settings), "GET", "/_ministack/health", [("Host", host)]).status == 403


def test_pages_of_the_dashboard_alone_may_upload(settings: Settings) -> None:
    own = settings.dashboard_url
    for origin, status in ((own, 200), ("http://evil.example", 403), ("http://localhost:3000", 403), ("null", 403)):
        for path in (f"/{settings.uploads_bucket}", "/"):
            asked = [("Origin", origin), ("Access-Control-Request-Method", "POST")]
            answer = _ask(_address(settings), "OPTIONS", path, asked)
            expected = status if path != "/" else 403
            assert (answer.status, answer.getheader("Access-Control-Allow-Origin")) == (
                expected,
                own if expected == 200 else None,
            )


def test_a_form_uploads_and_a_foreign_one_does_not(settings: Settings, cloud: Emulator) -> None:
    s3 = boto3.client("s3", config=V4)
    for secret, status in ((cloud.identity.secret_key, 204), ("wrong", 403)):
        signer = boto3.Session(cloud.identity.access_key, secret).client("s3", config=V4)
        made = signer.generate_presigned_post(settings.uploads_bucket, "form.bin", ExpiresIn=60)
        body, content_type = _multipart(made["fields"], b"pixels")
        answer = _ask(_address(settings), "POST", f"/{settings.uploads_bucket}", [("Content-Type", content_type)], body)
        assert answer.status == status
    assert s3.get_object(Bucket=settings.uploads_bucket, Key="form.bin")["Body"].read() == b"pixels"


def test_a_large_form_does_not_grow_the_embedded_cloud(settings: Settings, cloud: Emulator) -> None:
    """Without streaming, memory holds a form four times: as pieces, as a whole, as parts and as the file."""
    assert cloud.child is not None
    assert cloud.child.pid is not None
    file = os.urandom(1_000_000) * 60
    made = boto3.client("s3", config=V4).generate_presigned_post(settings.uploads_bucket, "large.bin", ExpiresIn=60)
    body, content_type = _multipart(made["fields"], file)
    before = memory_of(cloud.child.pid)
    answer = _ask(_address(settings), "POST", f"/{settings.uploads_bucket}", [("Content-Type", content_type)], body)
    assert answer.status == 204
    assert answer.getheader("ETag") == f'"{hashlib.md5(file, usedforsecurity=False).hexdigest()}"'
    assert memory_of(cloud.child.pid) - before < 20_000_000
    stored = boto3.client("s3", config=V4).get_object(Bucket=settings.uploads_bucket, Key="large.bin")
    assert (stored["ContentLength"], stored["Body"].read() == file) == (len(file), True)


def test_a_large_object_that_is_put_at_once_does_not_grow_the_embedded_cloud(
    settings: Settings, cloud: Emulator
) -> None:
    """The test measures the process's private memory: the kernel can reclaim the pages of a mapped file."""
    assert cloud.child is not None
    assert cloud.child.pid is not None
    body, bucket = os.urandom(1_000_000) * 60, settings.uploads_bucket
    with _watched(cloud.child.pid) as grown:
        etag = boto3.client("s3").put_object(Bucket=bucket, Key="at-once.bin", Body=body)["ETag"]
    assert etag.strip('"') == hashlib.md5(body, usedforsecurity=False).hexdigest()
    assert boto3.client("s3").get_object(Bucket=bucket, Key="at-once.bin")["Body"].read() == body
    assert max(grown) < 20_000_000


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """The growth of a process's private memory in bytes, every 5 ms of the block."""
    before, grown, stop = memory_of(pid, "RssAnon"), [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.005):
            grown.append(memory_of(pid, "RssAnon") - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield grown
    finally:
        stop.set()
        watching.join()


def _multipart(fields: dict[str, str], file: bytes) -> tuple[bytes, str]:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    head = "".join(parts) + '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    return head.encode() + file + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


@pytest.mark.parametrize("key", ["ä b+c/(1)!'*.jpg", "a//b/..", "~tilde=&?#.jpg", "x" * 1000])
def test_any_key_goes_in_and_out_by_every_way_of_signing(settings: Settings, key: str) -> None:
    s3 = boto3.client("s3", config=V4)
    s3.put_object(Bucket=settings.uploads_bucket, Key=key, Body=b"pixels", Metadata={"name": "two  words"})
    assert s3.get_object(Bucket=settings.uploads_bucket, Key=key)["Body"].read() == b"pixels"
    address = s3.generate_presigned_url("get_object", Params={"Bucket": settings.uploads_bucket, "Key": key})
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.read() == b"pixels"


@pytest.mark.slow
def test_the_aws_cli_works(settings: Settings, cloud: Emulator, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\ns3 =\n  signature_version = s3v4\n")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "small").write_bytes(b"pixels")
    (folder / "large").write_bytes(bytes(20_000_000))
    environment = {**os.environ, **cloud.exports(), "AWS_PAGER": "", "AWS_CONFIG_FILE": str(config)}
    bucket = f"s3://{settings.uploads_bucket}"

    def aws(*arguments: str) -> str:
        command = [str(Path(sys.executable).parent / "aws"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    aws("s3", "cp", "--recursive", str(folder), f"{bucket}/in/")
    aws("s3", "cp", f"{bucket}/in/large", f"{bucket}/copy")
    assert sorted(line.split()[-1] for line in aws("s3", "ls", "--recursive", bucket).splitlines()) == [
        "copy",
        "in/large",
        "in/small",
    ]
    assert settings.uploads_queue_url.rpartition("/")[2] in aws(
        "sqs", "list-queues", "--endpoint-url", cloud.endpoint_url
    )
    address = aws("s3", "presign", f"{bucket}/in/small").strip()
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.read() == b"pixels"
    assert "Arn" in aws("sts", "get-caller-identity")
