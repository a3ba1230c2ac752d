"""Bucket listings and inventory reports, on moto."""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from pixelfleet.aws.listing import Listings
from pixelfleet.errors import SetupError
from pixelfleet.operations.reconcile.listing import BucketListing, InventoryListing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEMA = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="uploads")
        yield client


def row(key: str, version: str = "v1", latest: str = "true", marker: str = "false", size: str = "9") -> str:
    fields = ("uploads", key, version, latest, marker, size, "2026-11-20T10:00:00.000Z", "e1")
    return ",".join(f'"{field}"' for field in fields)


def report(folder: Path, files: list[list[str]], changed: dict[str, object] | None = None) -> str:
    """Writes an inventory to the disk; returns the path of its manifest."""
    names = []
    for number, rows in enumerate(files):
        names.append(f"data/{number}.csv.gz")
        (folder / "data").mkdir(exist_ok=True)
        (folder / names[-1]).write_bytes(gzip.compress("\n".join(rows).encode()))
    manifest = {
        "sourceBucket": "uploads",
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": SCHEMA,
        "files": [{"key": name, "size": 1} for name in names],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | (changed or {})))
    return str(folder / "manifest.json")


def test_a_listing_continues_after_any_position_that_it_returned(s3: "S3Client") -> None:
    for number in range(5):
        s3.put_object(Bucket="uploads", Key=f"a/{number}", Body=b"x")
    s3.put_object(Bucket="uploads", Key="a/folder/", Body=b"")
    [page] = BucketListing(Listings(s3), "uploads", "a/").pages("")
    assert [actual.key for actual in page.objects] == [f"a/{number}" for number in range(5)]
    assert page.position == "a/folder/"
    [rest] = BucketListing(Listings(s3), "uploads", "a/").pages("a/2")
    assert [actual.key for actual in rest.objects] == ["a/3", "a/4"]
    assert list(BucketListing(Listings(s3), "uploads", "a/").pages(page.position)) == []


def test_an_inventory_gives_current_versions_and_decodes_keys(s3: "S3Client", tmp_path: Path) -> None:
    rows = [
        row("a/b+c%2B%C3%BC.jpg"),
        row("a/old.jpg", latest="false"),
        row("a/gone.jpg", marker="true"),
        row("a/folder/", size="0"),
        row("z/other.jpg", version=""),
    ]
    listing = InventoryListing(Listings(s3), report(tmp_path, [rows]), "uploads", "a/")
    [actual] = [actual for page in listing.pages("") for actual in page.objects]
    assert (actual.key, actual.etag, actual.bytes) == ("a/b c+ü.jpg", "e1", 9)


def test_an_inventory_continues_in_the_middle_of_a_file(s3: "S3Client", tmp_path: Path) -> None:
    files = [[row(f"{file}/{number:04}") for number in range(1_500)] for file in range(2)]
    listing = InventoryListing(Listings(s3), report(tmp_path, files), "uploads", "")
    pages = list(listing.pages(""))
    assert [page.position for page in pages] == ["0:1000", "0:1500", "1:1000", "1:1500"]
    for cut in range(4):
        rest = [actual.key for page in listing.pages(pages[cut].position) for actual in page.objects]
        assert rest == [actual.key for page in pages[cut + 1 :] for actual in page.objects]


@pytest.mark.parametrize("position", ["\0\0\0", "uploads/me/b1/a.jpg", "0:", ":5", "7:0", "0:-1"])
def test_a_position_that_is_none_of_this_inventory_begins_anew(s3: "S3Client", tmp_path: Path, position: str) -> None:
    manifest = report(tmp_path, [[row("a"), row("b")], [row("c")]])
    pages = InventoryListing(Listings(s3), manifest, "uploads", "").pages(position)
    assert [actual.key for page in pages for actual in page.objects] == ["a", "b", "c"]


def test_an_inventory_is_read_from_s3(s3: "S3Client", tmp_path: Path) -> None:
    report(tmp_path, [[row("a.jpg")]])
    s3.create_bucket(Bucket="inventories")
    for path in (tmp_path / "manifest.json", tmp_path / "data/0.csv.gz"):
        s3.put_object(Bucket="inventories", Key=str(path.relative_to(tmp_path)), Body=path.read_bytes())
    listing = InventoryListing(Listings(s3), "s3://inventories/manifest.json", "uploads", "")
    assert [actual.key for page in listing.pages("") for actual in page.objects] == ["a.jpg"]


@pytest.mark.parametrize(
    ("changed", "reported"),
    [
        ({"sourceBucket": "other"}, "of bucket other, not of uploads"),
        ({"fileFormat": "ORC"}, "in ORC: configure it to be written as CSV"),
        ({"fileSchema": "Bucket, Key, Size"}, "has no LastModifiedDate, ETag"),
        ({"files": None}, "lists no files"),
    ],
)
def test_an_inventory_that_cannot_be_used_is_refused_with_the_reason(
    s3: "S3Client", tmp_path: Path, changed: dict[str, object], reported: str
) -> None:
    with pytest.raises(SetupError, match=reported):
        InventoryListing(Listings(s3), report(tmp_path, [[]], changed), "uploads", "")


def test_a_missing_manifest_is_reported(s3: "S3Client") -> None:
    with pytest.raises(SetupError, match="cannot be read: No such file"):
        InventoryListing(Listings(s3), "/no/such/manifest.json", "uploads", "")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-9],
        lambda content: content[:12] + bytes(9) + content[21:],
        lambda content: b"Bucket,Key",
        lambda content: gzip.compress(b'"\xff\xfe"\n'),
        lambda content: gzip.compress(b"a" * 3_000_000),
        lambda content: gzip.compress(b'"' + b"a\n" * 200_000),
    ],
    ids=["cut", "damaged", "not compressed", "no text", "no end of a row", "no end of a field"],
)
def test_a_damaged_file_of_a_report_is_a_setup_error_that_names_the_file(
    s3: "S3Client", tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    manifest = report(tmp_path, [[row(f"k{number}") for number in range(50)]])
    path = tmp_path / "data/0.csv.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SetupError, match=r"0\.csv\.gz"):
        list(InventoryListing(Listings(s3), manifest, "uploads", "").pages(""))


def test_a_file_with_another_md5_than_the_manifest_says_is_refused_before_its_first_row(
    s3: "S3Client", tmp_path: Path
) -> None:
    """The file is whole, so that gzip has nothing against it: it may be of another report."""
    report(tmp_path, [[row("a")], [row("b")]])
    names = ["data/0.csv.gz", "data/1.csv.gz"]
    sums = [hashlib.md5((tmp_path / name).read_bytes()).hexdigest() for name in names]
    for listed in (sums, [each.upper() for each in sums]):
        files = [{"key": name, "MD5checksum": md5} for name, md5 in zip(names, listed, strict=True)]
        manifest = report(tmp_path, [[row("a")], [row("b")]], {"files": files})
        listing = InventoryListing(Listings(s3), manifest, "uploads", "")
        assert [actual.key for page in listing.pages("") for actual in page.objects] == ["a", "b"]
    manifest = report(tmp_path, [[row("a")], [row("c")]], {"files": files})
    pages = InventoryListing(Listings(s3), manifest, "uploads", "").pages("")
    assert [actual.key for actual in next(pages).objects] == ["a"]
    with pytest.raises(SetupError, match=rf"data/1\.csv\.gz is not the file .* the manifest says {sums[1]}"):
        next(pages)


def test_a_manifest_that_is_too_large_is_not_read(s3: "S3Client", tmp_path: Path) -> None:
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(10_000_000_000)
    with pytest.raises(SetupError, match="more than 50,000,000 bytes"):
        InventoryListing(Listings(s3), str(tmp_path / "manifest.json"), "uploads", "")
