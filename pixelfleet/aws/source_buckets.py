"""S3: a bucket that existed before the deployment. The bucket is only read, and restores are requested."""

from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.bucket_errors import bucket_error, unreadable
from pixelfleet.aws.errors import error_code, translated
from pixelfleet.domain.archives import INTELLIGENT_TIERING, RestoreTier
from pixelfleet.errors import SetupError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK: Final = 1 << 20
_TIERS: Final = {RestoreTier.BULK: "Bulk", RestoreTier.STANDARD: "Standard"}
_LIST, _GET, _RESTORE = "s3:ListBucket", "s3:GetObject", "s3:RestoreObject"
#: The answers to a HEAD and to a restore of a key without an object. A listing or an inventory is older.
_GONE: Final = frozenset({"404", "NoSuchKey"})


class RestoreAnswer(StrEnum):
    """S3's answer to a restore: it begins, it began before, the object can be read, or there is no object any more."""

    REQUESTED = "requested"
    UNDER_WAY = "under_way"
    READABLE = "readable"
    GONE = "gone"


class SourceBuckets:
    """Any bucket. Methods raise TransientError when S3 does not answer."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def check_readable(self, bucket: str, prefix: str = "") -> None:
        """Whether the workers of this region can read the bucket, as far as the caller's rights show it.

        Raises:
            SetupError: the bucket does not exist, is in another region, or may not be listed.
        """
        # The list comes first: the answer to a HEAD has no body, and so does not say what is wrong.
        self.check_listable(bucket, prefix)
        region = self._client.meta.region_name
        with translated(f"look at {bucket}"):
            try:
                answer = self._client.head_bucket(Bucket=bucket)
            except ClientError as error:
                raise bucket_error(error, bucket, region, _LIST) or error from None
        # This client follows S3 to another region. The workers' client does not.
        actual = answer.get("BucketRegion") or region
        if actual != region:
            raise SetupError(
                f"{bucket} is in {actual}, and the deployment in {region}: its workers read buckets of their own "
                f"region. Adopt the bucket by a deployment in {actual}, or replicate it to a bucket in {region}"
            )

    def check_listable(self, bucket: str, prefix: str = "") -> None:
        """Whether the caller may list the bucket, in any region: botocore follows S3 to another one.

        Raises:
            SetupError: the bucket does not exist, or may not be listed.
        """
        with translated(f"look at {bucket}"):
            try:
                self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
            except ClientError as error:
                raise bucket_error(error, bucket, self._client.meta.region_name, _LIST) or error from None

    def first_bytes(self, bucket: str, key: str, count: int) -> bytes:
        """The first `count` bytes of an object, or all of a shorter one.

        Raises:
            SetupError: S3 refuses the object, or the object is archived or gone.
        """
        with translated(f"read the first bytes of {key!r}"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{count - 1}")
            except ClientError as error:
                raise unreadable(error, bucket, key, self._client.meta.region_name) from None
            with closing(answer["Body"]) as body:
                content: bytes = body.read()
        return content[:count]

    def download(self, bucket: str, key: str, path: Path) -> None:
        """An object, streamed to a file.

        Raises:
            SetupError: S3 refuses the object, or the object is archived or gone.
        """
        with translated(f"fetch {key!r}"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key)
            except ClientError as error:
                raise unreadable(error, bucket, key, self._client.meta.region_name) from None
            with closing(answer["Body"]) as body, path.open("wb") as file:
                for chunk in body.iter_chunks(_CHUNK):
                    file.write(chunk)

    def restore(self, bucket: str, key: str, tier: RestoreTier, days: int) -> RestoreAnswer:
        """Request a restore of an archived object. A copy of it stays for `days`, if the restore makes a copy.

        Rules: S3 API reference, RestoreObject. 202 means that the restore begins, 200 that a copy is there; an object
        of INTELLIGENT_TIERING takes no number of days.

        Raises:
            SetupError: S3 refuses the restore.
        """
        needed = _GET
        with translated(f"restore {key!r}"):
            try:
                tiered = self._client.head_object(Bucket=bucket, Key=key).get("StorageClass") == INTELLIGENT_TIERING
                request: Any = {"GlacierJobParameters": {"Tier": _TIERS[tier]}} | ({} if tiered else {"Days": days})
                needed = _RESTORE
                answer = self._client.restore_object(Bucket=bucket, Key=key, RestoreRequest=request)
            except ClientError as error:
                if error_code(error) in _GONE:
                    return RestoreAnswer.GONE
                if error_code(error) == "RestoreAlreadyInProgress":
                    return RestoreAnswer.UNDER_WAY
                if error_code(error) == "InvalidObjectState":
                    return RestoreAnswer.READABLE
                raise bucket_error(error, bucket, self._client.meta.region_name, needed) or error from None
        accepted = answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        return RestoreAnswer.REQUESTED if accepted else RestoreAnswer.READABLE
