"""S3 as the worker uses it, on the embedded cloud."""

import base64
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.aws.object_bytes import AT_ONCE
from pixelfleet.aws.objects import IMMUTABLE, ObjectGoneError, ObjectVersion, Stored
from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings

pytestmark = pytest.mark.slow

STORED = Stored("image/webp", "uploads/me/b1/naïve cat.jpg", "web", "2026-11-20T12:00:00.000Z")


@pytest.fixture
def composed(settings: Settings) -> Deployment:
    return Deployment(settings)


def put(composed: Deployment, key: str, body: bytes) -> ObjectVersion:
    answer = composed.s3.put_object(Bucket=composed.settings.uploads_bucket, Key=key, Body=body)
    etag = answer["ETag"].strip('"')
    return ObjectVersion(composed.settings.uploads_bucket, key, answer.get("VersionId"), etag, len(body))


def test_an_original_is_fetched_whole_with_its_digest(composed: Deployment, tmp_path: Path) -> None:
    body = bytes(range(256)) * 20_000
    source = put(composed, "a b+c%.jpg", body)
    actual, digest = composed.objects.fetch(source, tmp_path / "original", max_bytes=len(body))
    assert (tmp_path / "original").read_bytes() == body
    assert (actual, digest) == (source, hashlib.sha256(body).hexdigest())


def test_a_version_is_fetched_as_it_was_though_another_came_after(composed: Deployment, tmp_path: Path) -> None:
    old = put(composed, "cat.jpg", b"old")
    put(composed, "cat.jpg", b"newer")
    composed.objects.fetch(old, tmp_path / "original", max_bytes=100)
    assert (tmp_path / "original").read_bytes() == b"old"


def test_an_object_over_the_limit_is_not_read(composed: Deployment, tmp_path: Path) -> None:
    actual, digest = composed.objects.fetch(put(composed, "big.jpg", b"12345"), tmp_path / "original", max_bytes=4)
    assert (actual.bytes, digest) == (5, "")
    assert not (tmp_path / "original").exists()


def test_a_superseded_etag_is_gone(composed: Deployment, tmp_path: Path) -> None:
    old = put(composed, "cat.jpg", b"old")
    put(composed, "cat.jpg", b"newer")
    unversioned = ObjectVersion(old.bucket, old.key, None, old.etag, old.bytes)
    with pytest.raises(ObjectGoneError):
        composed.objects.fetch(unversioned, tmp_path / "original", max_bytes=100)


def test_a_deleted_object_is_gone_and_has_no_head(composed: Deployment, tmp_path: Path) -> None:
    source = put(composed, "cat.jpg", b"old")
    composed.s3.delete_object(Bucket=source.bucket, Key=source.key)
    gone = ObjectVersion(source.bucket, source.key, None, source.etag, 3)
    with pytest.raises(ObjectGoneError):
        composed.objects.fetch(gone, tmp_path / "original", max_bytes=100)
    assert composed.objects.head(source.bucket, source.key) is None


def test_a_result_carries_what_browsers_caches_and_people_want_to_know(composed: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "thumb.webp"
    path.write_bytes(b"RIFF")
    digest = composed.objects.store(path, "me/x/r/thumb.webp", STORED)
    where: Any = {"Bucket": composed.settings.results_bucket, "Key": "me/x/r/thumb.webp"}
    head = composed.s3.head_object(**where, ChecksumMode="ENABLED")
    assert (head["ContentType"], head["CacheControl"]) == ("image/webp", IMMUTABLE)
    assert head["Metadata"]["recipe"] == "web"
    assert head["Metadata"]["source"] == "uploads/me/b1/na%C3%AFve%20cat.jpg"
    assert head["Metadata"]["processed-at"] == STORED.processed_at
    tags = {tag["Key"]: tag["Value"] for tag in composed.s3.get_object_tagging(**where)["TagSet"]}
    assert tags == {"pixelfleet-status": "ready", "pixelfleet-processed-at": STORED.processed_at}
    assert base64.b64decode(head["ChecksumSHA256"]).hex() == digest


def test_a_large_result_goes_in_parts_with_all_that_a_small_one_has(composed: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "large.tif"
    path.write_bytes(bytes(range(256)) * (AT_ONCE // 256 + 1))
    digest = composed.objects.store(path, "me/x/r/large.tif", replace(STORED, content_type="image/tiff"))
    where: Any = {"Bucket": composed.settings.results_bucket, "Key": "me/x/r/large.tif"}
    head = composed.s3.head_object(**where)
    assert (head["ContentType"], head["CacheControl"]) == ("image/tiff", IMMUTABLE)
    assert head["Metadata"]["recipe"] == "web"
    # The embedded cloud loses the tags of an upload in parts. tests/unit/aws/test_object_bytes.py checks these tags.
    composed.objects.download_result("me/x/r/large.tif", tmp_path / "copy")
    assert hashlib.sha256((tmp_path / "copy").read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("key", ["a//b.jpg", "a\nb.jpg", "a/"])
def test_an_original_whose_key_obstore_cannot_name_is_fetched_all_the_same(
    composed: Deployment, tmp_path: Path, key: str
) -> None:
    source = put(composed, key, key.encode())
    put(composed, key, b"newer")
    composed.objects.fetch(source, tmp_path / "original", max_bytes=100)
    assert (tmp_path / "original").read_bytes() == key.encode()


def test_a_deleted_version_is_gone(composed: Deployment, tmp_path: Path) -> None:
    source = put(composed, "cat.jpg", b"old")
    composed.s3.delete_object(Bucket=source.bucket, Key=source.key, VersionId=source.version_id or "")
    with pytest.raises(ObjectGoneError):
        composed.objects.fetch(source, tmp_path / "original", max_bytes=100)


def test_a_folder_of_tiles_is_stored_whole_each_file_with_its_own_type(composed: Deployment, tmp_path: Path) -> None:
    names = [f"{level}/{n}.webp" for level in range(3) for n in range(20)] + ["info.json"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    composed.objects.store_folder(tmp_path, "me/x/r/tiles/", STORED)
    listed = composed.s3.list_objects_v2(Bucket=composed.settings.results_bucket, Prefix="me/x/r/tiles/")
    assert {entry["Key"].removeprefix("me/x/r/tiles/") for entry in listed["Contents"]} == set(names)
    head = composed.s3.head_object(Bucket=composed.settings.results_bucket, Key="me/x/r/tiles/info.json")
    assert head["ContentType"] == "application/json"
    tile = composed.s3.head_object(Bucket=composed.settings.results_bucket, Key="me/x/r/tiles/0/0.webp")
    assert tile["ContentType"] == "image/webp"


def test_the_longest_key_fits_into_the_metadata(composed: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "thumb.webp"
    path.write_bytes(b"RIFF")
    composed.objects.store(path, "k", Stored("image/webp", "ï" * 512, "web", STORED.processed_at))


def test_tags_of_ours_are_merged_with_the_originals_own(composed: Deployment) -> None:
    source = put(composed, "cat.jpg", b"cat")
    where: Any = {"Bucket": source.bucket, "Key": source.key}
    composed.s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "project", "Value": "x"}]})
    composed.objects.tag_original(source, {"pixelfleet-status": "ready"})
    tags = {tag["Key"]: tag["Value"] for tag in composed.s3.get_object_tagging(**where)["TagSet"]}
    assert tags == {"project": "x", "pixelfleet-status": "ready"}


def test_deleting_a_folder_of_results_leaves_its_neighbours(composed: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_bytes(b"v")
    for key in ("me/x/r1/a", "me/x/r1/b", "me/x/r11/a"):
        composed.objects.store(path, key, STORED)
    assert composed.objects.delete_results("me/x/r1/") == 2
    left = composed.s3.list_objects_v2(Bucket=composed.settings.results_bucket).get("Contents", [])
    assert [entry["Key"] for entry in left] == ["me/x/r11/a"]


@pytest.mark.parametrize("prefix", ["", "/", "me/x", "a"])
def test_nothing_but_a_folder_can_be_deleted(composed: Deployment, prefix: str) -> None:
    with pytest.raises(ValueError, match="not a folder"):
        composed.objects.delete_results(prefix)


def test_a_result_is_downloaded_whole(composed: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_bytes(b"variant" * 1000)
    composed.objects.store(path, "me/x/r/v", STORED)
    composed.objects.download_result("me/x/r/v", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == path.read_bytes()
