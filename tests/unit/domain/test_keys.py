"""S3 accepts the keys, and the worker reads owner and batch from the keys."""

import os

import pytest

from pixelfleet.domain.keys import place_of
from pixelfleet.errors import SetupError
from pixelfleet.uploads import as_key, batch_prefix, short_key


def test_the_worker_reads_owner_and_batch_from_the_prefix() -> None:
    place = place_of(batch_prefix("me@example.org", "2024-summer") + "a/b c.jpg")
    assert (place.owner, place.batch, place.path) == ("me@example.org", "2024-summer", "a/b c.jpg")


@pytest.mark.parametrize(
    ("owner", "batch"), [("a/b", "x"), ("", "x"), ("me", ""), ("me", "x y"), ("-me", "x"), ("ü", "x")]
)
def test_names_that_would_be_read_back_differently_are_refused(owner: str, batch: str) -> None:
    with pytest.raises(SetupError, match="each takes letters, digits and"):
        batch_prefix(owner, batch)


def test_valid_names_are_unchanged_in_the_key() -> None:
    assert as_key("größe 図/a+b %2F\n.jpg") == "größe 図/a+b %2F\n.jpg"


def test_bytes_that_are_no_utf_8_become_escapes() -> None:
    assert as_key(os.fsdecode(b"caf\xe9.jpg")) == "caf%E9.jpg"


def test_a_path_that_is_too_long_gets_its_own_key_that_fits() -> None:
    long = "ü" * 300 + "/" + "x" * 600
    keys = {short_key("uploads/a/b/", long + end) for end in (".jpg", ".png")}
    assert len(keys) == 2
    assert all(len(key.encode()) <= 1024 for key in keys)
    assert short_key("uploads/a/b/", "short.jpg") == "uploads/a/b/short.jpg"
