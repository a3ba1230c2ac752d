"""The objects of a reconcile, page by page: the bucket's own listing, or an S3 Inventory report."""

import csv
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol
from urllib.parse import unquote_plus

from pixelfleet.aws.listing import ListedObject, Listings
from pixelfleet.domain.archives import Archive, archive_of
from pixelfleet.errors import SetupError
from pixelfleet.files.regular import open_regular
from pixelfleet.operations.completion import is_folder_marker

#: Rows of one page of a report; a page of a bucket's listing has as many objects.
PAGE: Final = 1_000
#: An inventory has other names for the archive tiers of INTELLIGENT_TIERING (S3 user guide, "Amazon S3
#: Inventory list").
_TIERS: Final = {"ARCHIVE": Archive.ARCHIVE_ACCESS, "DEEP_ARCHIVE": Archive.DEEP_ARCHIVE_ACCESS}
#: Bytes of a manifest. It names a file of the report, in some 150 bytes, for about a million objects.
_MOST_MANIFEST: Final = 50_000_000
#: Characters of a row. A key has 1,024 bytes, each of which may take three characters.
_LONGEST_ROW: Final = 100_000
#: Bytes of a file that are summed at once.
_BLOCK: Final = 1 << 20
_POSITION: Final = re.compile(r"(\d{1,9}):(\d{1,12})", re.ASCII)
_NEEDED: Final = ("Key", "Size", "LastModifiedDate", "ETag")


@dataclass(frozen=True, slots=True)
class ListingPage:
    """Some objects, and the position after which the next page begins."""

    objects: list[ListedObject]
    position: str


class Listing(Protocol):
    """Objects in a stable order, so that reading can go on after a position."""

    def pages(self, after: str) -> Iterator[ListingPage]:
        """The pages just after a position that an earlier page gave; all pages if the position is empty."""


@dataclass(frozen=True, slots=True)
class _ReportFile:
    """A file of a report. `md5` is the sum of its compressed bytes in hex digits, empty if the manifest has none."""

    key: str
    bucket: str
    md5: str


class BucketListing:
    """The bucket as it is now, in the order of keys."""

    def __init__(self, listings: Listings, bucket: str, prefix: str) -> None:
        self._listings = listings
        self._bucket = bucket
        self._prefix = prefix

    def pages(self, after: str) -> Iterator[ListingPage]:
        """Raises TransientError when S3 does not answer."""
        for page in self._listings.pages(self._bucket, self._prefix, after):
            yield ListingPage([listed for listed in page if not is_folder_marker(listed)], page[-1].key)


class InventoryListing:
    """The report that a manifest.json names, a path or an s3:// address: CSV, gzipped, keys form-encoded.

    Form: Amazon S3 user guide, "Locating your inventory list". A position is `file:row`. A report is up to two days
    old: it names the keys, not their present versions.

    Raises:
        SetupError: the report is of another bucket, not CSV, or lacks a necessary column.
    """

    def __init__(self, listings: Listings, manifest: str, bucket: str, prefix: str) -> None:
        self._listings = listings
        self._bucket, self._prefix = bucket, prefix
        self._manifest = manifest
        fields = self._read_manifest(manifest)
        if fields.get("sourceBucket") != bucket:
            raise SetupError(
                f"the inventory is of bucket {fields.get('sourceBucket')}, not of {bucket}: name the manifest.json of "
                f"an inventory of {bucket}"
            )
        if fields.get("fileFormat") != "CSV":
            raise SetupError(
                f"the inventory is in {fields.get('fileFormat')}: configure it to be written as CSV, and take a later "
                "report; or list the bucket, without --inventory"
            )
        self._columns = [column.strip() for column in str(fields.get("fileSchema", "")).split(",")]
        if missing := [column for column in _NEEDED if column not in self._columns]:
            raise SetupError(f"the inventory has no {', '.join(missing)}: add these fields to its configuration")
        try:
            bucket_of_files = str(fields["destinationBucket"])
            self._files = [_ReportFile(str(file["key"]), bucket_of_files, _md5_of(file)) for file in fields["files"]]
        except (KeyError, TypeError):
            raise SetupError(f"{manifest} is no inventory manifest: it names no bucket or file of the report") from None

    def pages(self, after: str) -> Iterator[ListingPage]:
        """All pages if the position is none of this report: a power cut may damage a kept position.

        Raises TransientError when S3 does not answer, SetupError when a file of the report is missing or another.
        """
        position = _POSITION.fullmatch(after)
        first, begin = (int(position[1]), int(position[2])) if position else (0, 0)
        if first >= len(self._files):
            first, begin = 0, 0
        for number in range(first, len(self._files)):
            yield from self._file_pages(number, begin)
            begin = 0

    def _file_pages(self, number: int, begin: int) -> Iterator[ListingPage]:
        key, bucket = self._files[number].key, self._files[number].bucket
        self._check_md5(self._files[number])
        page: list[ListedObject] = []
        row = 0
        with closing(self._open(key, bucket)) as raw:
            for row, fields in enumerate(_rows(raw, key), 1):
                if row <= begin:
                    continue
                try:
                    page += self._listed(fields)
                except ValueError as error:
                    raise SetupError(f"row {row} of {key} is no row of an inventory: {error}") from None
                if row % PAGE == 0:
                    yield ListingPage(page, f"{number}:{row}")
                    page = []
            yield ListingPage(page, f"{number}:{row}")

    def _check_md5(self, file: "_ReportFile") -> None:
        """Check a file as a whole before its first row is used. A manifest without sums is not checked.

        Raises:
            SetupError: the file is not the file that the manifest lists.
        """
        if not file.md5:
            return
        digest = hashlib.md5(usedforsecurity=False)
        with closing(self._open(file.key, file.bucket)) as raw:
            while block := raw.read(_BLOCK):
                digest.update(block)
        if digest.hexdigest() != file.md5:
            raise SetupError(
                f"{file.key} is not the file that the inventory lists: its MD5 is {digest.hexdigest()}, and the "
                f"manifest says {file.md5}; take the file again, or the report before it"
            )

    def _listed(self, fields: list[str]) -> list[ListedObject]:
        if len(fields) != len(self._columns):
            raise ValueError(f"it has {len(fields)} fields, not {len(self._columns)}")
        row = dict(zip(self._columns, fields, strict=True))
        if row.get("Bucket", self._bucket) != self._bucket:
            raise ValueError(f"an object of bucket {row['Bucket']}, not of {self._bucket}")
        current = row.get("IsLatest", "true") == "true" and row.get("IsDeleteMarker", "false") == "false"
        modified = _date(row["LastModifiedDate"])
        tier = row.get("IntelligentTieringAccessTier", "")
        archive = archive_of(row.get("StorageClass"), _TIERS.get(tier, tier))
        size, etag = _bytes(row["Size"]), row["ETag"].strip('"')
        listed = ListedObject(unquote_plus(row["Key"]), etag, size, modified, archive)
        if not current or not listed.key.startswith(self._prefix) or is_folder_marker(listed):
            return []
        return [listed]

    def _read_manifest(self, manifest: str) -> dict[str, Any]:
        try:
            if manifest.startswith("s3://"):
                bucket, _, key = manifest.removeprefix("s3://").partition("/")
                with closing(self._open(key, bucket)) as body:
                    fields = json.loads(_whole(body, manifest))
            else:
                with open_regular(Path(manifest)) as file:
                    fields = json.loads(_whole(file, manifest))
        except OSError as error:
            raise SetupError(f"the inventory {manifest} cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise SetupError(
                f"{manifest} is no inventory manifest: it is no JSON. Name the manifest.json of the report"
            ) from None
        if not isinstance(fields, dict) or not isinstance(fields.get("files"), list):
            raise SetupError(f"{manifest} is no inventory manifest: it lists no files")
        return fields

    def _open(self, key: str, bucket: str) -> IO[bytes]:
        """A file of the report. The files of a manifest on the disk are beside it, named as in the bucket."""
        if not self._manifest.startswith("s3://"):
            beside = Path(self._manifest).parent
            for path in (beside / key, beside / Path(key).name):
                if path.exists():
                    return open_regular(path)
        return self._listings.open(bucket.rpartition(":")[2], key)


def _md5_of(file: dict[str, Any]) -> str:
    """The sum that a manifest lists for a file: `MD5checksum` (S3 user guide, "Locating your inventory list")."""
    return str(file.get("MD5checksum") or "").lower()


def _date(text: str) -> datetime:
    """Raises ValueError with a message for people."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"LastModifiedDate {text!r} is no date") from None


def _bytes(text: str) -> int:
    """Raises ValueError with a message for people. A marker of a deletion has no size."""
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError(f"Size {text!r} is no number of bytes")
    return int(text or 0)


def _rows(raw: IO[bytes], key: str) -> Iterator[list[str]]:
    """The rows of one compressed file of the report, one in memory at a time.

    Raises:
        SetupError: the file is damaged, breaks off, or has a row without an end.
    """
    try:
        with gzip.open(raw, "rt", encoding="utf-8", newline="") as text:
            yield from csv.reader(_lines(text, key))
    except (EOFError, UnicodeDecodeError, csv.Error, gzip.BadGzipFile, zlib.error) as error:
        raise SetupError(f"{key} cannot be read: {error}; take the report before it") from None


def _lines(text: IO[str], key: str) -> Iterator[str]:
    while line := text.readline(_LONGEST_ROW + 1):
        if len(line) > _LONGEST_ROW:
            raise SetupError(f"{key} has a row of more than {_LONGEST_ROW:,} characters: it is no inventory")
        yield line


def _whole(file: IO[bytes], name: str) -> bytes:
    content = file.read(_MOST_MANIFEST + 1)
    if len(content) > _MOST_MANIFEST:
        raise SetupError(f"{name} is no inventory manifest: it has more than {_MOST_MANIFEST:,} bytes")
    return content
