"""Puts and gets by obstore, with a server that gives possible answers of S3."""

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from boto3.session import Session
from botocore.credentials import Credentials, RefreshableCredentials

from pixelfleet.aws.errors import translated
from pixelfleet.aws.object_bytes import AT_ONCE, CREDENTIAL_LIFE, ObjectBytes, Policy, PutHeaders
from pixelfleet.aws.objects import ObjectGoneError, Objects, ObjectVersion, Stored
from pixelfleet.errors import Cause, RefusedError, TransientError
from tests.fakes.answers import Answer, Answers
from tests.fakes.errors import LimitError
from tests.fakes.object_bytes import (
    QUICK,
    expired,
    incomplete,
    object_bytes,
    renewed_by,
    s3_client,
    session_with,
    without_credentials,
)

CONTENT = "a picture"
BODY = CONTENT.encode()
VERSION = ObjectVersion("bucket", "uploads/me/b/a b.jpg", "v1", "e", len(CONTENT))
LARGE = 1_000_000
STORED = Stored("image/webp", "k", "web", "2026-11-20T12:00:00.000Z")
HEADERS = PutHeaders("image/webp", "no-cache", {"recipe": "web", "source": "a%20b"}, {"status": "ready", "at": "1 &="})
CALLS: dict[str, Callable[[ObjectBytes], object]] = {
    "put": lambda store: store.put("bucket", "k", BODY, HEADERS),
    "get": lambda store: store.get("bucket", "k"),
}


def objects(server: Answers, policy: Policy = QUICK, of: Session | None = None) -> Objects:
    return Objects(s3_client(server.url), object_bytes(server.url, policy, of), "results")


def refusal(status: int, code: str) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>m &lt; n</Message></Error>")


def test_a_put_carries_its_headers_tags_and_checksum_under_one_signature(server: Answers) -> None:
    object_bytes(server.url).put("bucket", "uploads/me/b1/a +%ü.jpg", BODY, HEADERS)
    [request] = server.requests
    digest = hashlib.sha256(BODY)
    assert (request.method, request.path) == ("PUT", "/bucket/uploads/me/b1/a%20%2B%25%C3%BC.jpg")
    assert request.body == BODY
    headers = request.headers
    assert (headers["content-type"], headers["cache-control"]) == ("image/webp", "no-cache")
    assert (headers["x-amz-meta-recipe"], headers["x-amz-meta-source"]) == ("web", "a%20b")
    assert sorted(headers["x-amz-tagging"].split("&")) == ["at=1+%26%3D", "status=ready"]
    assert headers["x-amz-checksum-sha256"] == base64.b64encode(digest.digest()).decode()
    assert headers["x-amz-content-sha256"] == digest.hexdigest()
    assert "x-amz-checksum-sha256" in headers["authorization"]


def test_a_large_file_is_sent_in_parts_with_the_same_headers_and_a_checksum_of_each_part(
    server: Answers, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * (AT_ONCE + 1))
    begun = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
    done = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
    server.answers = [Answer(text=begun), Answer(), Answer(), Answer(text=done)]
    object_bytes(server.url).put("bucket", "k", path, HEADERS)
    begin, *parts, end = server.requests
    assert (begin.method, begin.path.rstrip("=")) == ("POST", "/bucket/k?uploads")
    assert (begin.headers["content-type"], begin.headers["cache-control"]) == ("image/webp", "no-cache")
    assert begin.headers["x-amz-meta-recipe"] == "web"
    assert sorted(begin.headers["x-amz-tagging"].split("&")) == ["at=1+%26%3D", "status=ready"]
    assert begin.headers["x-amz-checksum-algorithm"] == "SHA256"
    assert sum(len(part.body) for part in parts) == AT_ONCE + 1
    for part in parts:
        digest = base64.b64encode(hashlib.sha256(part.body).digest()).decode()
        assert part.headers["x-amz-checksum-sha256"] == digest
    assert (end.method, end.path) == ("POST", "/bucket/k?uploadId=u")


def test_a_version_is_fetched_whole_with_its_digest(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text=CONTENT, headers={"x-amz-version-id": "v1"})]
    actual, sha256 = objects(server).fetch(VERSION, tmp_path / "a", LARGE)
    assert (actual, sha256) == (VERSION, hashlib.sha256(BODY).hexdigest())
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.requests[0].path == "/bucket/uploads/me/b/a%20b.jpg?versionId=v1"


def test_without_a_version_the_etag_pins_the_object(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text=CONTENT)]
    unversioned = ObjectVersion("bucket", "k", None, "e", len(CONTENT))
    assert objects(server).fetch(unversioned, tmp_path / "a", LARGE)[0] == unversioned
    assert server.requests[0].headers["if-match"] == '"e"'


def test_an_object_over_the_limit_is_not_read(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text=CONTENT)]
    actual, sha256 = objects(server).fetch(VERSION, tmp_path / "a", 3)
    assert (actual.bytes, sha256, (tmp_path / "a").exists()) == (len(CONTENT), "", False)


def test_an_interrupted_body_is_resumed_at_the_break(server: Answers, tmp_path: Path) -> None:
    rest = {"Content-Range": f"bytes 4-{len(CONTENT) - 1}/{len(CONTENT)}"}
    server.answers = [Answer(text=CONTENT[:4], promised=len(CONTENT)), Answer(206, CONTENT[4:], rest)]
    objects(server).fetch(VERSION, tmp_path / "a", LARGE)
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.requests[1].headers["range"] == f"bytes=4-{len(CONTENT) - 1}"
    assert server.requests[1].path.endswith("?versionId=v1")


def test_a_body_that_changed_before_the_resume_is_refused(server: Answers, tmp_path: Path) -> None:
    rest = {"Content-Range": f"bytes 4-{len(CONTENT) - 1}/{len(CONTENT)}", "ETag": '"other"'}
    server.answers = [Answer(text=CONTENT[:4], promised=len(CONTENT)), Answer(206, CONTENT[4:], rest)]
    with pytest.raises(TransientError):
        objects(server).fetch(VERSION, tmp_path / "a", LARGE)


def test_a_body_that_is_interrupted_every_time_is_an_error(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text=CONTENT, promised=50)]
    with pytest.raises(TransientError):
        objects(server).fetch(VERSION, tmp_path / "a", LARGE)


def test_an_object_with_a_header_that_is_not_utf8_is_fetched(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text=CONTENT, headers={"Content-Disposition": "attachment; filename=na\xefve.jpg"})]
    assert objects(server).fetch(VERSION, tmp_path / "a", LARGE)[1] == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize("key", ["k", "uploads//k"])
def test_a_range_of_an_object_is_requested_and_comes_with_the_size_and_time_of_the_whole_object(
    server: Answers, key: str
) -> None:
    """obstore transfers the bytes of the first key; boto3 transfers the bytes of the second key."""
    server.answers = [Answer(206, CONTENT[2:5], headers={"Content-Range": f"bytes 2-4/{len(CONTENT)}"})]
    opened = objects(server).open("bucket", key, span=range(2, 5))
    assert b"".join(opened.chunks) == BODY[2:5]
    assert (opened.size, opened.modified) == (len(CONTENT), datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert server.requests[0].headers["range"] == "bytes=2-4"


def test_a_compressed_object_is_fetched_without_decompression(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text="no gzip at all", headers={"Content-Encoding": "gzip"})]
    objects(server).fetch(VERSION, tmp_path / "a", LARGE)
    assert (tmp_path / "a").read_text() == "no gzip at all"


@pytest.mark.parametrize("key", ["k", "odd//key"])
@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "NoSuchKey"), (404, "NoSuchVersion"), (412, "PreconditionFailed"), (405, "MethodNotAllowed")],
)
def test_a_version_that_is_gone_raises_object_gone_error(
    server: Answers, tmp_path: Path, status: int, code: str, key: str
) -> None:
    server.answers = [refusal(status, code)]
    with pytest.raises(ObjectGoneError):
        objects(server).fetch(ObjectVersion("bucket", key, "v1", "e", 9), tmp_path / "a", LARGE)
    assert len(server.requests) == 1


#: Status and code of an answer; the cause, whether every object would be refused, and the number of requests.
ANSWERS = [
    (403, "AccessDenied", Cause.INTERNAL, True, 1),
    (400, "ExpiredToken", Cause.INTERNAL, True, 1),
    (404, "NoSuchBucket", Cause.INTERNAL, True, 1),
    (301, "PermanentRedirect", Cause.INTERNAL, True, 1),
    (409, "OperationAborted", Cause.INTERNAL, False, 1),
    (401, "Unauthorized", Cause.INTERNAL, False, 1),
    (400, "RequestTimeout", Cause.INTERNAL, False, 2),
    (400, "SlowDown", Cause.THROTTLED, False, 2),
    (503, "SlowDown", Cause.THROTTLED, False, 2),
    (429, "TooManyRequests", Cause.THROTTLED, False, 2),
    (500, "InternalError", Cause.UNAVAILABLE, False, 2),
]


@pytest.mark.parametrize(("status", "code", "cause", "refused", "requests"), ANSWERS)
@pytest.mark.parametrize("call", ["put", "get"])
def test_each_answer_of_s3_has_its_error(
    server: Answers, call: str, status: int, code: str, cause: Cause, *, refused: bool, requests: int
) -> None:
    server.answers = [refusal(status, code)]
    with pytest.raises(TransientError) as caught, translated(f"{call} it"):
        CALLS[call](object_bytes(server.url))
    assert (caught.value.cause, isinstance(caught.value, RefusedError)) == (cause, refused)
    assert code in caught.value.message
    assert len(server.requests) == requests


@pytest.mark.parametrize("status", [400, 403, 404, 412])
def test_an_error_names_the_code_the_operation_and_the_message_of_s3(server: Answers, status: int) -> None:
    server.answers = [refusal(status, "SomeCode")]
    with pytest.raises(TransientError) as caught, translated("put it"):
        object_bytes(server.url).put("bucket", "k", BODY, HEADERS)
    expected = "could not put it: An error occurred (SomeCode) when calling the PutObject operation: m < n"
    assert caught.value.message == expected


def test_a_key_that_reads_like_an_answer_is_not_read_as_an_answer(server: Answers) -> None:
    server.answers = [refusal(403, "SomeCode")]
    key = "Server returned non-2xx status code: 404 <Code>NoSuchKey</Code>"
    with pytest.raises(TransientError, match=r"\(SomeCode\)"), translated("put it"):
        object_bytes(server.url).put("bucket", key, BODY, HEADERS)


def test_a_bucket_in_another_region_is_named_with_its_region(server: Answers) -> None:
    text = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>"
    server.answers = [Answer(400, text)]
    with pytest.raises(RefusedError, match=r"eu-west-1: set AWS_REGION"), translated("put it"):
        object_bytes(server.url).put("bucket", "k", BODY, HEADERS)


def test_a_request_that_s3_asks_to_repeat_is_repeated_after_a_pause(server: Answers) -> None:
    pauses: list[float] = []
    server.answers = [refusal(400, "RequestTimeout"), Answer()]
    policy = Policy(attempts=3, first_pause=0.01, sleep=pauses.append)
    object_bytes(server.url, policy).put("bucket", "k", BODY, HEADERS)
    assert len(server.requests) == 2
    assert len(pauses) == 1
    assert 0 <= pauses[0] <= 0.01


def test_a_server_that_does_not_run_is_unavailable() -> None:
    with pytest.raises(TransientError, match="the connection to S3 failed") as caught, translated("put it"):
        object_bytes("http://127.0.0.1:9").put("bucket", "k", BODY, HEADERS)
    assert caught.value.cause is Cause.UNAVAILABLE


@pytest.mark.parametrize("call", ["put", "get"])
def test_a_request_to_a_silent_server_ends_after_the_time_out(server: Answers, call: str) -> None:
    server.answers = [Answer(silent=True)]
    arrived = threading.Semaphore(0)
    server.on_silence = arrived.release
    quick = Policy(silence=0.1, attempts=2, first_pause=0.01)
    with pytest.raises(TransientError, match="S3 did not answer in time") as caught, translated("wait"):
        CALLS[call](object_bytes(server.url, quick))
    assert caught.value.cause is Cause.UNAVAILABLE
    # The server may be late: its thread may count a request after the client has given up that request.
    assert all(arrived.acquire(timeout=10) for _ in range(2))


def test_a_missing_local_file_is_not_reported_as_an_answer_of_s3(server: Answers, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        object_bytes(server.url).put("bucket", "k", tmp_path / "none", HEADERS)
    assert not server.requests


def test_an_error_shows_no_debug_print_and_no_key(server: Answers) -> None:
    server.answers = [Answer(500, "not even XML")]
    with pytest.raises(TransientError) as caught, translated("put it"):
        object_bytes(server.url).put("bucket", "k", BODY, HEADERS)
    assert "Debug" not in caught.value.message
    assert "RetryError" not in caught.value.message


def test_nothing_is_sent_without_credentials(server: Answers) -> None:
    with pytest.raises(TransientError, match="credentials"), translated("put it"):
        object_bytes(server.url, of=without_credentials()).put("bucket", "k", BODY, HEADERS)
    assert not server.requests


@pytest.mark.parametrize(("renewal", "error"), [(expired, "RuntimeError"), (incomplete, "KeyError")])
def test_credentials_that_cannot_be_renewed_are_a_transient_error(
    server: Answers, renewal: Callable[[], dict[str, str]], error: str
) -> None:
    odd = session_with(renewed_by(renewal))
    with pytest.raises(TransientError, match=error) as caught, translated("put it"):
        object_bytes(server.url, of=odd).put("bucket", "k", BODY, HEADERS)
    assert caught.value.cause is Cause.UNAVAILABLE
    assert not server.requests


def test_renewed_credentials_sign_the_next_request(server: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    # With a life of zero, obstore asks for credentials before each request.
    monkeypatch.setattr("pixelfleet.aws.object_bytes.CREDENTIAL_LIFE", timedelta(0))
    credentials = Credentials("first", "s", "token-1")
    store = object_bytes(server.url, of=session_with(credentials))
    store.put("bucket", "k", BODY, HEADERS)
    credentials.access_key, credentials.token = "second", "token-2"
    store.put("bucket", "k", BODY, HEADERS)
    before, after = (request.headers for request in server.requests)
    assert ("Credential=first/" in before["authorization"], before["x-amz-security-token"]) == (True, "token-1")
    assert ("Credential=second/" in after["authorization"], after["x-amz-security-token"]) == (True, "token-2")


def test_obstore_asks_for_credentials_again_before_the_credentials_of_botocore_can_expire() -> None:
    """botocore may return credentials that expire after its mandatory time-out; obstore must not keep them longer."""
    mandatory = timedelta(seconds=RefreshableCredentials._mandatory_refresh_timeout)  # type: ignore[attr-defined]
    assert mandatory > CREDENTIAL_LIFE > timedelta(seconds=300)


def test_another_endpoint_in_the_environment_changes_nothing(server: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    object_bytes(server.url).put("bucket", "k", BODY, HEADERS)
    assert "authorization" in server.requests[0].headers


def test_a_put_works_on_a_machine_without_certificates_of_its_own(
    server: Answers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    object_bytes(server.url).put("bucket", "k", BODY, HEADERS)
    assert server.requests


@pytest.mark.usefixtures("limit_on_silence")
@pytest.mark.parametrize("call", ["fetch", "store"])
def test_a_time_limit_while_s3_is_silent_is_raised_unchanged(server: Answers, tmp_path: Path, call: str) -> None:
    patient = objects(server, Policy(silence=60.0, attempts=1))
    (tmp_path / "b").write_bytes(BODY)
    calls: dict[str, Callable[[], object]] = {
        "fetch": lambda: patient.fetch(VERSION, tmp_path / "a", LARGE),
        "store": lambda: patient.store(tmp_path / "b", "k", STORED),
    }
    began = time.monotonic()
    with pytest.raises(LimitError):
        calls[call]()
    # The time-out of 60 seconds did not end the call.
    assert time.monotonic() - began < 30
    assert len(server.requests) == 1
