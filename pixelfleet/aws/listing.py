"""S3: the objects of a bucket, page by page in the order of their keys, and objects that are read as streams."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pixelfleet.aws.bucket_errors import unreadable
from pixelfleet.aws.errors import translated
from pixelfleet.domain.archives import Archive, archive_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One object of a listing; `bytes` is its size, `modified` the time at which it was stored.

    `archive` is its archive if it cannot be read before a restore. A listing does not name the tiers of
    INTELLIGENT_TIERING.
    """

    key: str
    etag: str
    bytes: int
    modified: datetime
    archive: Archive | None = None


class Listings:
    """Any bucket. Methods raise TransientError when S3 does not answer."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def pages(self, bucket: str, prefix: str = "", after: str = "") -> Iterator[list[ListedObject]]:
        """Objects whose keys begin with `prefix` and follow the key `after`, a thousand a page. No page is empty."""
        paginator = self._client.get_paginator("list_objects_v2")
        with translated(f"list {bucket}"):
            for page in paginator.paginate(
                Bucket=bucket, Prefix=prefix, StartAfter=after, OptionalObjectAttributes=["RestoreStatus"]
            ):
                if entries := page.get("Contents", []):
                    yield [_listed(entry) for entry in entries]

    def open(self, bucket: str, key: str) -> IO[bytes]:
        """An object as a stream, which the caller closes.

        Raises:
            SetupError: S3 refuses the object, or it does not exist.
        """
        with translated(f"read s3://{bucket}/{key}"):
            try:
                body: Any = self._client.get_object(Bucket=bucket, Key=key)["Body"]
            except ClientError as error:
                raise unreadable(error, bucket, key, self._client.meta.region_name) from None
        stream: IO[bytes] = body
        return stream


def _listed(entry: "ObjectTypeDef") -> ListedObject:
    # A restored copy has the time at which S3 deletes it; a restore that is under way has none.
    restored = "RestoreExpiryDate" in entry.get("RestoreStatus", {})
    archive = archive_of(entry.get("StorageClass"), restored=restored)
    return ListedObject(entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"], archive)
