"""The uploads bucket, with a small HTTP server that gives possible answers of S3."""

import base64
import hashlib
import zlib

import pytest

from pixelfleet.aws.checksums import crc32_base64, crc32_of_parts
from pixelfleet.aws.upload_bucket import PutPart, UploadBucket, UploadGoneError
from pixelfleet.errors import RefusedError, TransientError
from tests.fakes.answers import Answer, Answers
from tests.fakes.object_bytes import object_bytes, s3_client

BODY = b"a picture"


@pytest.fixture
def bucket(server: Answers) -> UploadBucket:
    return UploadBucket(s3_client(server.url), object_bytes(server.url), "bucket")


def refusal(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>m</Message></Error>"


def test_a_whole_object_is_sent_with_its_type_and_its_sha256(bucket: UploadBucket, server: Answers) -> None:
    bucket.put("uploads/me/b1/a.jpg", BODY, "image/jpeg")
    [request] = server.requests
    assert (request.path, request.body) == ("/bucket/uploads/me/b1/a.jpg", BODY)
    assert request.headers["content-type"] == "image/jpeg"
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert request.headers["x-amz-checksum-sha256"] == digest


def test_a_refusal_of_every_object_is_a_refused_error(bucket: UploadBucket, server: Answers) -> None:
    server.answers = [Answer(403, refusal("AccessDenied"))]
    with pytest.raises(RefusedError, match=r"\(AccessDenied\).*PutObject operation: m"):
        bucket.put("k", BODY)
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [BODY, bytearray(BODY), memoryview(BODY)])
def test_a_part_is_sent_with_its_crc_and_a_signature_that_covers_the_crc(
    bucket: UploadBucket, server: Answers, body: bytes | bytearray | memoryview
) -> None:
    checksum = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
    assert bucket.put_part("k", "u/1", 3, body, crc32_base64(body)) == PutPart(3, '"e"', checksum)
    [request] = server.requests
    assert request.path in ("/bucket/k?partNumber=3&uploadId=u%2F1", "/bucket/k?uploadId=u%2F1&partNumber=3")
    assert request.body == BODY
    assert request.headers["x-amz-checksum-crc32"] == checksum
    assert request.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "x-amz-checksum-crc32" in request.headers["authorization"]


def test_the_checksum_of_an_object_in_parts_is_the_checksum_of_its_parts_checksums() -> None:
    parts = [b"one", b"two"]
    whole = zlib.crc32(b"".join(zlib.crc32(part).to_bytes(4, "big") for part in parts))
    expected = base64.b64encode(whole.to_bytes(4, "big")).decode() + "-2"
    assert crc32_of_parts(map(crc32_base64, parts)) == expected


def test_an_upload_that_is_gone_is_an_upload_gone_error(bucket: UploadBucket, server: Answers) -> None:
    server.answers = [Answer(404, refusal("NoSuchUpload"))]
    with pytest.raises(UploadGoneError):
        bucket.put_part("k", "u", 1, BODY, crc32_base64(BODY))
    with pytest.raises(UploadGoneError):
        bucket.complete("k", "u", [PutPart(1, '"e"', crc32_base64(BODY))])


@pytest.mark.parametrize("code", ["NoSuchUpload", "AccessDenied"])
def test_parts_that_cannot_be_listed_are_unknown(bucket: UploadBucket, server: Answers, code: str) -> None:
    server.answers = [Answer(404, refusal(code))]
    assert bucket.parts("k", "u") is None


def test_an_upload_that_cannot_be_aborted_is_left_to_the_lifecycle_rule(bucket: UploadBucket, server: Answers) -> None:
    server.answers = [Answer(500, refusal("InternalError"))]
    bucket.abort("k", "u")
    assert server.requests


@pytest.mark.parametrize("status", [403, 404])
def test_an_object_that_cannot_be_read_has_no_checksum(bucket: UploadBucket, server: Answers, status: int) -> None:
    server.answers = [Answer(status)]
    assert bucket.checksum_of("k") is None


def test_a_throttle_of_s3_is_a_transient_error(bucket: UploadBucket, server: Answers) -> None:
    server.answers = [Answer(503, refusal("SlowDown"))]
    with pytest.raises(TransientError):
        bucket.checksum_of("k")
