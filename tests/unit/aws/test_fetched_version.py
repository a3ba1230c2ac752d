"""A fetch returns only the requested version, whatever the network answers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.aws.object_bytes import ObjectStream
from pixelfleet.aws.objects import Objects, ObjectVersion
from pixelfleet.errors import Cause, TransientError

PUT = datetime(2026, 11, 1, tzinfo=UTC)


class OneAnswer:
    """Gives the same answer to every request, like a connection that is out of step."""

    def __init__(self, version_id: str | None, etag: str) -> None:
        self._answer = version_id, etag

    def get(self, *_: object) -> ObjectStream:
        version_id, etag = self._answer
        return ObjectStream(version_id, etag, 5, "image/png", iter([b"bytes"]), PUT)


def fetch(asked: ObjectVersion, answered: OneAnswer, path: Path) -> ObjectVersion:
    object_bytes: Any = answered
    client: Any = None
    return Objects(client, object_bytes, "results").fetch(asked, path, 100)[0]


def version(version_id: str | None, etag: str | None) -> ObjectVersion:
    return ObjectVersion("uploads", "a.png", version_id, etag, 5)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (version("v1", "e1"), OneAnswer("v2", "e1")),
        (version("v1", "e1"), OneAnswer(None, "e2")),
        (version(None, "e1"), OneAnswer(None, "e2")),
        (version(None, "e1"), OneAnswer("v9", "e2")),
    ],
)
def test_another_version_is_refused_before_a_byte_is_kept(
    asked: ObjectVersion, answered: OneAnswer, tmp_path: Path
) -> None:
    with pytest.raises(TransientError, match="answered with version") as caught:
        fetch(asked, answered, tmp_path / "original")
    assert caught.value.cause is Cause.UNAVAILABLE
    assert not (tmp_path / "original").exists()


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        # Events write the ETag of an upload in parts in their own way: the version decides.
        (version("v1", "e1-event"), OneAnswer("v1", "e1-2")),
        (version(None, "e1"), OneAnswer(None, "e1")),
        # The versioning of this bucket was suspended after the upload.
        (version(None, "e1"), OneAnswer("v1", "e1")),
        (version("v1", "e1"), OneAnswer(None, "e1")),
        (version(None, None), OneAnswer(None, "e1")),
    ],
)
def test_the_requested_version_is_kept(asked: ObjectVersion, answered: OneAnswer, tmp_path: Path) -> None:
    fetch(asked, answered, tmp_path / "original")
    assert (tmp_path / "original").read_bytes() == b"bytes"
