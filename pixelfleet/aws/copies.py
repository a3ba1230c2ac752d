"""S3: copying an original within the uploads bucket, by S3 itself: no byte passes through this process.

boto3's transfer manager has no conditional copies: its list of allowed arguments (s3transfer/manager.py,
ALLOWED_COPY_ARGS) lacks IfNoneMatch. So the calls are made here.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.objects import ObjectGoneError, gone_as_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: One CopyObject takes up to 5 GB; larger objects are copied in parts (S3 user guide, "Copying objects").
IN_ONE_CALL: Final = 5 * 1000**3
PART_BYTES: Final = 500 * 1000**2
#: The answers to a copy of an archived object (S3 API reference, CopyObject and UploadPartCopy).
_ARCHIVED: Final = frozenset({"ObjectNotInActiveTierError", "InvalidObjectState"})
#: The answers to a write whose condition does not hold, or that another write of the key has overtaken.
_TAKEN: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})

#: What CopyObject copies by itself, and a copy in parts must be given.
_ABOUT: Final = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Metadata",
)  # fmt: skip


class KeyTakenError(Exception):
    """The key of a copy has an object already."""


class Copies:
    """Any bucket of originals."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def copy_to_new_key(self, bucket: str, key: str, version_id: str | None, to: str) -> None:
        """Put a version of `key` under `to`, which must have no object, and may be the same key after a removal.

        Tags of the object are not copied: that would need the right to read tags.

        Raises:
            KeyTakenError: `to` has an object, which stays.
            ObjectGoneError: there is no such version any more, or it is in an archive, from which S3 copies nothing.
            TransientError: S3 does not answer.
        """
        version = {"VersionId": version_id} if version_id else {}
        with translated(f"copy {key!r}"), gone_as_error(key), _archived_as_gone(key), _as_taken(to):
            head = self._client.head_object(Bucket=bucket, Key=key, **version)  # type: ignore[arg-type]
            source: Any = {"Bucket": bucket, "Key": key} | version
            if head["ContentLength"] <= IN_ONE_CALL:
                self._client.copy_object(
                    Bucket=bucket, Key=to, CopySource=source, TaggingDirective="REPLACE", IfNoneMatch="*"
                )
            else:
                self._copy_in_parts(bucket, to, source, head)

    def _copy_in_parts(self, bucket: str, to: str, source: Any, head: Any) -> None:
        about = {name: head[name] for name in _ABOUT if name in head}
        upload = self._client.create_multipart_upload(Bucket=bucket, Key=to, **about)["UploadId"]
        place: Any = {"Bucket": bucket, "Key": to, "UploadId": upload}
        try:
            parts: list[Any] = []
            for number, begin in enumerate(range(0, head["ContentLength"], PART_BYTES), 1):
                end = min(begin + PART_BYTES, head["ContentLength"]) - 1
                part = self._client.upload_part_copy(
                    **place, CopySource=source, PartNumber=number, CopySourceRange=f"bytes={begin}-{end}"
                )
                parts.append({"PartNumber": number, "ETag": part["CopyPartResult"]["ETag"]})
            self._client.complete_multipart_upload(**place, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except BaseException:
            # A part that is left over is removed by the bucket's lifecycle rule.
            with suppress(ClientError):
                self._client.abort_multipart_upload(**place)
            raise


@contextmanager
def _as_taken(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error_code(error) in _TAKEN:
            raise KeyTakenError(key) from None
        raise


@contextmanager
def _archived_as_gone(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error_code(error) in _ARCHIVED:
            raise ObjectGoneError(key) from None
        raise
