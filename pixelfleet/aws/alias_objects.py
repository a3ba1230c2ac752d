"""S3: copies of results under readable keys. S3 copies by itself: no byte passes through this process.

The metadata of a copy names its result, so that a copy of older results, and a file of somebody else, can be told.
"""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.bucket_errors import bucket_error
from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.errors import SetupError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: The name of the metadata with the result's key. Keys of results are ASCII.
RESULT: Final = "pixelfleet-result"
_GONE: Final = frozenset({"NoSuchKey", "404", "NotFound"})
#: Answers that another try does not change.
_REFUSED: Final = frozenset({
    "403", "AccessDenied", "AllAccessDisabled", "NoSuchBucket", "301", "PermanentRedirect", "InvalidRequest",
    "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "KMS.DisabledException",
    "KMS.NotFoundException",
})  # fmt: skip


class AliasObjects:
    """Aliases in any bucket. Methods raise TransientError when S3 does not answer."""

    def __init__(self, client: "S3Client", results_bucket: str, max_age: int) -> None:
        """`max_age`: seconds that browsers keep an alias: its content changes with each revision."""
        self._client = client
        self._results_bucket = results_bucket
        self._cache_control = f"public, max-age={max_age}"

    def copy(self, result: str, content_type: str, place: tuple[str, str]) -> None:
        """Copy a result to an alias, in place of what the key holds.

        Raises:
            ObjectGoneError: there is no such result any more.
            SetupError: S3 refuses to write to the bucket.
        """
        bucket, key = place
        with translated(f"write the alias {key!r}"):
            try:
                self._client.copy_object(
                    Bucket=bucket,
                    Key=key,
                    CopySource={"Bucket": self._results_bucket, "Key": result},
                    MetadataDirective="REPLACE",
                    Metadata={RESULT: result},
                    ContentType=content_type,
                    CacheControl=self._cache_control,
                    TaggingDirective="REPLACE",
                )
            except ClientError as error:
                if error_code(error) in _GONE:
                    raise ObjectGoneError(result) from None
                if error_code(error) in _REFUSED:
                    raise self._refusal(error, bucket, "write to", "s3:PutObject") from None
                raise

    def delete(self, place: tuple[str, str]) -> None:
        """
        Raises:
            SetupError: S3 refuses to delete in the bucket.
        """
        bucket, key = place
        with translated(f"delete the alias {key!r}"):
            try:
                self._client.delete_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _REFUSED:
                    raise self._refusal(error, bucket, "delete in", "s3:DeleteObject") from None
                raise

    def result_of(self, place: tuple[str, str]) -> str | None:
        """The key of the result that an alias was copied from; None if the key has no object, or somebody else's."""
        bucket, key = place
        with translated(f"look at the alias {key!r}"):
            try:
                answer = self._client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _GONE | _REFUSED:
                    return None
                raise
        return answer.get("Metadata", {}).get(RESULT)

    def _refusal(self, error: ClientError, bucket: str, doing: str, right: str) -> SetupError:
        reason: object = bucket_error(error, bucket, self._client.meta.region_name, right)
        return SetupError(f"{reason or f'S3 refuses to {doing} {bucket}'} ({error_code(error)})")
