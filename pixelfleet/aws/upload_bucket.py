"""The uploads bucket as the upload client sees it: whole objects, and objects in parts that a later run can finish."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.checksums import Buffer
from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.object_bytes import ObjectBytes, PutHeaders
from pixelfleet.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: The upload is gone, or the caller may not list its parts: either way the file is begun anew.
_UNKNOWN: Final = frozenset({"NoSuchUpload", "AccessDenied"})
#: S3's answers to a HEAD of a missing object, and to a caller who may write but not read.
_UNSEEN: Final = frozenset({"404", "403"})
#: The name of a mark in the metadata of an object.
_MARK: Final = "pixelfleet-upload"


class UploadGoneError(Exception):
    """A multipart upload was aborted: by the bucket's lifecycle rule, or by another client."""


@dataclass(frozen=True, slots=True)
class ObjectChecksum:
    """Size in bytes and checksums of an object, in Base64. `crc32` is that of its parts, with their number.

    `etag` is without quotes.
    """

    bytes: int
    sha256: str | None
    crc32: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that S3 has; `checksum` is its CRC-32 in Base64, empty where S3 has none."""

    bytes: int
    checksum: str
    etag: str


@dataclass(frozen=True, slots=True)
class PutPart:
    """A part that was put, as S3 needs it when the object is put together."""

    number: int
    etag: str
    checksum: str


class UploadBucket:
    """Puts objects into one bucket; safe for many threads.

    Every method raises TransientError, or RefusedError where every other object would be refused alike.
    """

    def __init__(self, client: "S3Client", object_bytes: ObjectBytes, bucket: str) -> None:
        self._client = client
        self._object_bytes = object_bytes
        self.bucket = bucket

    def put(self, key: str, body: bytes, content_type: str | None = None) -> str:
        """Put a whole object; returns its ETag. S3 compares the object with its SHA-256, and keeps the checksum."""
        with translated(f"put {key!r}"):
            return self._object_bytes.put(self.bucket, key, body, PutHeaders(content_type=content_type))

    def checksum_of(self, key: str) -> ObjectChecksum | None:
        """None where there is no object, or the caller may not look at it."""
        with translated(f"look at {key!r}"):
            try:
                answer = self._client.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) in _UNSEEN:
                    return None
                raise
        return ObjectChecksum(
            answer["ContentLength"],
            answer.get("ChecksumSHA256"),
            answer.get("ChecksumCRC32"),
            answer["ETag"].strip('"'),
        )

    def begin(self, key: str, content_type: str | None, *, checksummed: bool = True, mark: str = "") -> str:
        """Begin an upload in parts, each checked by its CRC-32 if it is `checksummed`; returns the upload's id.

        The object has the `mark` in its metadata; see `has_mark`.
        """
        more: Any = {"ContentType": content_type} if content_type else {}
        more |= {"Metadata": {_MARK: mark}} if mark else {}
        more |= {"ChecksumAlgorithm": "CRC32", "ChecksumType": "COMPOSITE"} if checksummed else {}
        with translated(f"put {key!r}"):
            return self._client.create_multipart_upload(Bucket=self.bucket, Key=key, **more)["UploadId"]

    def has_mark(self, key: str, mark: str) -> bool:
        """Whether the present object was put together from the upload that was begun with this mark."""
        with translated(f"look at {key!r}"):
            try:
                answer = self._client.head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _UNSEEN:
                    return False
                raise
        return answer.get("Metadata", {}).get(_MARK) == mark

    def parts(self, key: str, upload_id: str) -> dict[int, StoredPart] | None:
        """The parts that S3 has of an upload, by number; None where it has no such upload."""
        with translated(f"look at the parts of {key!r}"):
            try:
                pages = self._client.get_paginator("list_parts").paginate(
                    Bucket=self.bucket, Key=key, UploadId=upload_id
                )
                return {
                    part["PartNumber"]: StoredPart(part["Size"], part.get("ChecksumCRC32", ""), part["ETag"])
                    for page in pages
                    for part in page.get("Parts", [])
                }
            except ClientError as error:
                if error_code(error) in _UNKNOWN:
                    return None
                raise

    def put_part(self, key: str, upload_id: str, number: int, body: Buffer, checksum: str) -> PutPart:
        """Put one part; S3 compares it with `checksum`, its CRC-32 in Base64.

        Raises:
            UploadGoneError: there is no such upload any more.
        """
        # boto3 takes no memoryview.
        content: Any = body if isinstance(body, bytes | bytearray) else bytes(body)
        with translated(f"put part {number} of {key!r}"), _gone():
            answer = self._client.upload_part(
                Bucket=self.bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=content,
                ChecksumCRC32=checksum,
            )
        return PutPart(number, answer["ETag"], checksum)

    def complete(self, key: str, upload_id: str, parts: list[PutPart]) -> str:
        """Put the parts together; returns the object's ETag without quotes.

        Raises:
            UploadGoneError: there is no such upload any more.
        """
        listed: list[Any] = [
            {"PartNumber": part.number, "ETag": part.etag} | ({"ChecksumCRC32": part.checksum} if part.checksum else {})
            for part in parts
        ]
        with translated(f"put {key!r}"), _gone():
            answer = self._client.complete_multipart_upload(
                Bucket=self.bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": listed}
            )
        return answer.get("ETag", "").strip('"')

    def abort(self, key: str, upload_id: str) -> None:
        """Delete the parts of an upload. If that fails, the bucket's lifecycle rule deletes them in some days."""
        with suppress(TransientError), translated(f"give up {key!r}"):
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)


@contextmanager
def _gone() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error_code(error) == "NoSuchUpload":
            raise UploadGoneError from error
        raise
