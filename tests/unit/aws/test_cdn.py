"""Removed images are invalidated in the edge caches: the paths and the reference of each invalidation."""

from typing import Any

import pytest

from pixelfleet.aws.cdn import MOST_FOLDERS, Cdn, covered, folders_of, paths_of
from pixelfleet.errors import Cause, TransientError
from tests.fakes.cloudfront import MOST_WILDCARDS, FakeCloudFront


def test_both_addresses_of_an_image_are_invalidated_with_every_revision_and_variant() -> None:
    assert paths_of("me@x", "abc") == ("/i/me@x/abc/*", "/me@x/abc/*")
    assert paths_of("me@x") == ("/i/me@x/*", "/me@x/*")


def test_few_images_have_a_folder_each() -> None:
    images = [("me", f"i{number}") for number in range(MOST_FOLDERS)]
    assert folders_of(images * 2) == images


def test_many_images_of_an_owner_are_one_folder() -> None:
    images = [(f"owner{number % 3}", f"i{number}") for number in range(1_000)]
    assert folders_of(images) == [("owner0", None), ("owner1", None), ("owner2", None)]
    assert all(covered(image, folders_of(images)) for image in images)


def test_owners_beyond_the_limit_of_one_call_wait_for_the_next_call() -> None:
    images = [(f"owner{number}", f"i{number}") for number in range(40)]
    folders = folders_of(images)
    assert len(folders) == MOST_FOLDERS
    assert [image for image in images if covered(image, folders)] == images[:MOST_FOLDERS]


def test_one_call_never_has_more_wildcards_than_cloudfront_accepts() -> None:
    images = [(f"owner{number}", f"i{number}") for number in range(100)]
    assert sum(len(paths_of(*folder)) for folder in folders_of(images)) <= MOST_WILDCARDS


def test_a_repeated_request_is_one_invalidation() -> None:
    cloudfront: Any = FakeCloudFront(lambda: 0.0, most_wildcards=2)
    for _ in range(3):
        Cdn(cloudfront, "E123").invalidate([("me", "abc")], ["me/abc/07"])
    assert cloudfront.forgotten_since(0.0, "/i/me/abc/r1/thumb.webp")
    with pytest.raises(TransientError):
        Cdn(cloudfront, "E123").invalidate([("me", "abc")], ["me/abc/09"])


def test_too_many_invalidations_at_once_are_a_throttle() -> None:
    cloudfront: Any = FakeCloudFront(lambda: 0.0)
    cdn = Cdn(cloudfront, "E123")
    cdn.invalidate(folders_of([("me", f"i{number}") for number in range(7)]), ["first"])
    with pytest.raises(TransientError) as caught:
        cdn.invalidate([("me", "another")], ["second"])
    assert caught.value.cause is Cause.THROTTLED
