"""S3's gets, over a server that answers as S3 may; puts are in tests/unit/uploads/test_sender.py."""

import signal
import threading
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from pixelfleet.aws.objects import ObjectGoneError, Objects, ObjectVersion
from pixelfleet.errors import TransientError
from pixelfleet.signed.http import Policy, SignedHttp
from pixelfleet.signed.s3 import Sha256, SignedS3, judge
from tests.fakes.answers import Answer, Answers
from tests.fakes.clients import client

CONTENT = "a picture"
VERSION = ObjectVersion("bucket", "uploads/me/b/a b.jpg", "v1", "e", len(CONTENT))
LARGE = 1_000_000
KEYS = Credentials("k", "s")


client_of = cache(partial(client, "s3"))


def objects(server: Answers, credentials: Credentials | None = KEYS) -> Objects:
    plain: Any = client_of(server.url)
    http = SignedHttp(plain, credentials, judge, Policy(attempts=2, sleep=lambda _: None))
    return Objects(plain, SignedS3(plain, http), "results")


def test_a_version_is_fetched_whole_and_held_against_the_digest_that_s3_keeps(server: Answers, tmp_path: Path) -> None:
    digest = Sha256.of(CONTENT.encode())
    server.answers = [Answer(text=CONTENT, headers={"x-amz-version-id": "v1", "x-amz-checksum-sha256": digest.base64})]
    found, sha256 = objects(server).fetch(VERSION, tmp_path / "a", LARGE)
    assert found == VERSION
    assert sha256 == digest.hex
    assert (tmp_path / "a").read_text() == CONTENT
    [asked] = server.requests
    assert asked.path == "/bucket/uploads/me/b/a%20b.jpg?versionId=v1"
    assert asked.headers["x-amz-checksum-mode"] == "ENABLED"


def test_without_a_version_the_etag_pins_what_is_fetched(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text=CONTENT)]
    unversioned = ObjectVersion("bucket", "k", None, "e", len(CONTENT))
    assert objects(server).fetch(unversioned, tmp_path / "a", LARGE)[0] == unversioned
    assert server.requests[0].headers["if-match"] == '"e"'


def test_a_body_that_is_not_what_s3_stored_is_not_taken(server: Answers, tmp_path: Path) -> None:
    other = Sha256.of(b"another picture").base64
    server.answers = [Answer(text=CONTENT, headers={"x-amz-checksum-sha256": other})]
    with pytest.raises(TransientError, match="damaged on its way"):
        objects(server).fetch(VERSION, tmp_path / "a", LARGE)


def test_the_digest_of_a_multipart_upload_is_not_taken_for_the_objects(server: Answers, tmp_path: Path) -> None:
    parts = Sha256.of(b"digests of the parts").base64 + "-2"
    server.answers = [Answer(text=CONTENT, headers={"x-amz-checksum-sha256": parts})]
    assert objects(server).fetch(VERSION, tmp_path / "a", LARGE)[1] == Sha256.of(CONTENT.encode()).hex


def test_a_body_that_breaks_off_is_noticed(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text=CONTENT, promised=50)]
    with pytest.raises(TransientError):
        objects(server).fetch(VERSION, tmp_path / "a", LARGE)


def test_what_is_too_large_is_not_read(server: Answers, tmp_path: Path) -> None:
    server.answers = [Answer(text=CONTENT)]
    found, sha256 = objects(server).fetch(VERSION, tmp_path / "a", 3)
    assert (found.bytes, sha256, (tmp_path / "a").exists()) == (len(CONTENT), "", False)


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "NoSuchKey"), (404, "NoSuchVersion"), (412, "PreconditionFailed"), (405, "MethodNotAllowed")],
)
def test_a_version_that_is_gone_is_told_apart(server: Answers, tmp_path: Path, status: int, code: str) -> None:
    server.answers = [Answer(status, f"<Error><Code>{code}</Code></Error>")]
    with pytest.raises(ObjectGoneError):
        objects(server).fetch(VERSION, tmp_path / "a", LARGE)
    assert len(server.requests) == 1


def test_without_credentials_nothing_is_asked(server: Answers, tmp_path: Path) -> None:
    with pytest.raises(TransientError) as caught:
        objects(server, None).fetch(VERSION, tmp_path / "a", LARGE)
    assert isinstance(caught.value.__cause__, NoCredentialsError)
    assert not server.requests


class LimitError(Exception):
    """As Celery's soft time limit, which a signal raises wherever the task happens to be."""


def test_a_time_limit_that_strikes_while_s3_is_silent_is_raised_as_itself(server: Answers, tmp_path: Path) -> None:
    def strike(*_: object) -> None:
        raise LimitError

    main = threading.get_ident()
    server.answers = [Answer(silent=True)]
    server.on_silence = lambda: signal.pthread_kill(main, signal.SIGALRM)
    before = signal.signal(signal.SIGALRM, strike)
    try:
        with pytest.raises(LimitError):
            objects(server).fetch(VERSION, tmp_path / "a", LARGE)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(server.requests) == 1
