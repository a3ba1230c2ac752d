"""Where the objects are told from: the bucket's own listing, or an S3 Inventory report, page by page."""

import csv
import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import translated
from pixelfleet.errors import SetupError
from pixelfleet.operations.reconcile.verdict import Listed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Objects of one page; what ListObjectsV2 gives at most.
PAGE: Final = 1_000
_NEEDED: Final = ("Key", "Size", "LastModifiedDate", "ETag")


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects, and the position after which the next page begins."""

    objects: list[Listed]
    position: str


class Listing(Protocol):
    """Objects in an order that stays the same, so that a position can be come back to."""

    def pages(self, after: str) -> Iterator[Page]:
        """From just after a position that an earlier page gave; from the beginning if it is empty."""


class BucketListing:
    """The bucket as it is now, in the order of keys."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def pages(self, after: str) -> Iterator[Page]:
        """Raises TransientError when S3 does not answer."""
        with translated(f"list {self._bucket}"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, StartAfter=after
            ):
                entries = page.get("Contents", [])
                objects = [
                    Listed(entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"])
                    for entry in entries
                    if not _is_marker(entry["Key"], entry["Size"])
                ]
                if entries:
                    yield Page(objects, entries[-1]["Key"])


class InventoryListing:
    """The report that a manifest.json names, a path or an s3:// address: CSV, gzipped, keys form-encoded.

    Form: Amazon S3 user guide, "Locating your inventory list". A position is `file:row`.

    Raises:
        SetupError: it is of another bucket, not CSV, or lacks a column that is needed.
    """

    def __init__(self, client: "S3Client", manifest: str, bucket: str, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._home = manifest
        told = self._manifest(manifest)
        if told.get("sourceBucket") != bucket:
            raise SetupError(f"the inventory is of bucket {told.get('sourceBucket')}, not of {bucket}")
        if told.get("fileFormat") != "CSV":
            raise SetupError(f"the inventory is in {told.get('fileFormat')}: configure it to be written as CSV")
        self._columns = [column.strip() for column in str(told.get("fileSchema", "")).split(",")]
        if missing := [column for column in _NEEDED if column not in self._columns]:
            raise SetupError(f"the inventory has no {', '.join(missing)}: add these fields to its configuration")
        self._files = [(str(file["key"]), told["destinationBucket"]) for file in told["files"]]

    def pages(self, after: str) -> Iterator[Page]:
        """Raises TransientError when S3 does not answer, SetupError when a file of the report is not there."""
        first, _, row = (after or "0:0").partition(":")
        begin = int(row)
        for number in range(int(first), len(self._files)):
            yield from self._file_pages(number, begin)
            begin = 0

    def _file_pages(self, number: int, begin: int) -> Iterator[Page]:
        key, bucket = self._files[number]
        with closing(self._open(key, bucket)) as raw, gzip.open(raw, "rt", encoding="utf-8", newline="") as text:
            page: list[Listed] = []
            row = 0
            for row, fields in enumerate(csv.reader(text), 1):
                if row <= begin:
                    continue
                page += self._listed(dict(zip(self._columns, fields, strict=False)))
                if row % PAGE == 0:
                    yield Page(page, f"{number}:{row}")
                    page = []
            yield Page(page, f"{number}:{row}")

    def _listed(self, row: dict[str, str]) -> list[Listed]:
        key, size = unquote_plus(row["Key"]), int(row["Size"] or 0)
        current = row.get("IsLatest", "true") == "true" and row.get("IsDeleteMarker", "false") == "false"
        if not current or not key.startswith(self._prefix) or _is_marker(key, size):
            return []
        modified = datetime.fromisoformat(row["LastModifiedDate"])
        version = row.get("VersionId") or None
        return [Listed(key, row["ETag"].strip('"'), size, modified, None if version == "null" else version)]

    def _manifest(self, manifest: str) -> dict[str, Any]:
        try:
            if manifest.startswith("s3://"):
                bucket, _, key = manifest.removeprefix("s3://").partition("/")
                with closing(self._open(key, bucket)) as body:
                    told = json.load(body)
            else:
                told = json.loads(Path(manifest).read_text(encoding="utf-8"))
        except OSError as error:
            raise SetupError(f"the inventory {manifest} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise SetupError(f"{manifest} is no inventory manifest: {error}") from None
        if not isinstance(told, dict) or not isinstance(told.get("files"), list):
            raise SetupError(f"{manifest} is no inventory manifest: it lists no files")
        return told

    def _open(self, key: str, bucket: str) -> IO[bytes]:
        """Of a manifest on the disk, its files are beside it, under the names that they have in the bucket."""
        if not self._home.startswith("s3://"):
            beside = Path(self._home).parent
            for path in (beside / key, beside / Path(key).name):
                if path.exists():
                    return path.open("rb")
        name = bucket.rpartition(":")[2]
        with translated(f"read the inventory's {key!r}"):
            try:
                body: Any = self._client.get_object(Bucket=name, Key=key)["Body"]
            except ClientError as error:
                raise SetupError(f"the inventory's file s3://{name}/{key} cannot be read: {error}") from None
        stream: IO[bytes] = body
        return stream


def _is_marker(key: str, size: int) -> bool:
    """What consoles make to show a folder."""
    return key.endswith("/") and size == 0
