"""S3: copying an original within the uploads bucket, by S3 itself: no byte passes through this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from boto3.s3.transfer import TransferConfig
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
_CONFIG: Final = TransferConfig(multipart_threshold=IN_ONE_CALL, multipart_chunksize=PART_BYTES, use_threads=False)


class Copies:
    """Any bucket of originals."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def copy(self, bucket: str, key: str, version_id: str | None, to: str) -> None:
        """Put a version of `key` under `to`, which may be the same key: its bytes are then the current version again.

        Tags of the object are not copied: that would need the right to read tags.

        Raises:
            ObjectGoneError: there is no such version any more, or it is in an archive, from which S3 copies nothing.
            TransientError: S3 does not answer.
        """
        source = {"Bucket": bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})
        with translated(f"copy {key!r}"), gone_as_error(key), _archived_as_gone(key):
            self._client.copy(
                source,  # type: ignore[arg-type]
                bucket,
                to,
                ExtraArgs={"TaggingDirective": "REPLACE"},
                Config=_CONFIG,
            )


@contextmanager
def _archived_as_gone(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error_code(error) in _ARCHIVED:
            raise ObjectGoneError(key) from None
        raise
