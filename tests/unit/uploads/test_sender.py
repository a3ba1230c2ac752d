"""Signed puts against a small HTTP server that answers as S3 may."""

import base64
import zlib
from collections.abc import Iterator

import boto3
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from pixelfleet.signed.s3 import Crc32, Sha256, is_open
from pixelfleet.uploads.sender import ATTEMPTS, Sender
from tests.fakes.answers import Answer, Answers, answering

BODY = b"a picture"


@pytest.fixture
def s3() -> Iterator[Answers]:
    with answering() as server:
        yield server


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def sender(s3: Answers, slept: list[float], monkeypatch: pytest.MonkeyPatch) -> Sender:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=s3.url,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    return Sender(client, Credentials("key", "secret", "token"), "bucket", connections=2, sleep=slept.append)


def error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>m</Message></Error>"


def test_what_is_signed_is_the_body_and_its_checksum_goes_along(sender: Sender, s3: Answers) -> None:
    digest = Sha256.of(BODY)
    assert sender.put("uploads/me/b1/a +%ü\n.jpg", BODY, digest, "image/jpeg") == '"e"'
    [asked] = s3.requests
    headers = asked.headers
    assert (asked.path, asked.body) == ("/bucket/uploads/me/b1/a%20%2B%25%C3%BC%0A.jpg", BODY)
    assert (headers["x-amz-content-sha256"], headers["x-amz-checksum-sha256"]) == (digest.hex, digest.base64)
    assert headers["content-type"] == "image/jpeg"
    assert headers["x-amz-security-token"] == "token"
    assert "x-amz-checksum-sha256" in headers["authorization"]


def test_a_throttle_or_a_fault_of_s3_is_tried_again_after_a_pause(
    sender: Sender, s3: Answers, slept: list[float]
) -> None:
    s3.answers = [Answer(503, error("SlowDown")), Answer(500, error("InternalError")), Answer()]
    assert sender.put("k", BODY, Sha256.of(BODY)) == '"e"'
    assert len(slept) == 2
    assert all(0 <= seconds <= 8 for seconds in slept)


def test_what_is_refused_is_refused_at_once_with_the_services_words(sender: Sender, s3: Answers) -> None:
    s3.answers = [Answer(403, error("AccessDenied"))]
    with pytest.raises(ClientError, match=r"\(AccessDenied\).*PutObject operation: m"):
        sender.put("k", BODY, Sha256.of(BODY))
    assert len(s3.requests) == 1


def test_a_fault_that_does_not_pass_is_raised_in_the_end(sender: Sender, s3: Answers) -> None:
    s3.answers = [Answer(500, error("InternalError"))]
    with pytest.raises(ClientError, match="InternalError"):
        sender.put("k", BODY, Sha256.of(BODY))
    assert len(s3.requests) == ATTEMPTS


def test_a_bucket_in_another_region_is_told_with_its_region(sender: Sender, s3: Answers) -> None:
    s3.answers = [Answer(400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>")]
    with pytest.raises(ClientError, match="set AWS_REGION") as caught:
        sender.put("k", BODY, Sha256.of(BODY))
    assert "eu-west-1" in str(caught.value)


def test_a_part_goes_with_its_crc_and_a_signature_that_leaves_the_body_to_it(sender: Sender, s3: Answers) -> None:
    sender.put_part("k", BODY, Crc32.of(BODY), {"partNumber": "3", "uploadId": "u/1"})
    [asked] = s3.requests
    assert asked.path == "/bucket/k?partNumber=3&uploadId=u%2F1"
    assert asked.headers["x-amz-checksum-crc32"] == base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
    assert asked.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "x-amz-checksum-crc32" in asked.headers["authorization"]


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("https://bucket.s3.eu-west-1.amazonaws.com/", False),
        ("http://127.0.0.1:4566/bucket/", False),
        ("http://localhost/bucket/", False),
        ("http://[::1]:80/bucket/", False),
        ("http://10.0.0.7/bucket/", True),
        ("http://minio.example/bucket/", True),
    ],
)
def test_a_body_that_others_could_change_on_its_way_is_signed_whole(address: str, open_: bool) -> None:
    assert is_open(address) is open_
