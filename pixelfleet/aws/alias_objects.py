"""S3: copies of results under readable keys. S3 copies by itself: no byte passes through this process.

The metadata of a copy names its result, so that a copy of older results differs from a file of somebody else. The
metadata also names the place of the copy: S3 copies metadata with an object, so that a copy that somebody made of an
alias differs from an alias. A file of somebody else is neither overwritten nor deleted: the first copy to a key is on
the condition that the key has no object, and a copy of ours is overwritten or deleted on the condition that it is still
there (S3 user guide, "How to prevent object overwrites with conditional writes", "How to perform conditional deletes").
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.bucket_errors import bucket_error
from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.errors import Cause, SetupError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: The name of the metadata with the result's key. Keys of results are ASCII.
RESULT: Final = "pixelfleet-result"
#: The name of the metadata with a digest of the alias's bucket and key. Aliases of earlier releases do not have it.
PLACE: Final = "pixelfleet-alias"
_GONE: Final = frozenset({"NoSuchKey", "404", "NotFound"})
#: The answers to a write whose condition does not hold, or that another write has overtaken.
_CONDITION_LOST: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
#: How often a copy is tried whose key changes at each look.
_TRIES: Final = 5
#: Answers that another try does not change.
_REFUSED: Final = frozenset({
    "403", "AccessDenied", "AllAccessDisabled", "NoSuchBucket", "301", "PermanentRedirect", "InvalidRequest",
    "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "KMS.DisabledException",
    "KMS.NotFoundException",
})  # fmt: skip


class ForeignObjectError(SetupError):
    """The key of an alias has a file that pixelfleet did not write."""


class _ConditionLostError(Exception):
    """The key has changed since it was looked at. `missing`: S3 misses the alias, or the result that is copied."""

    def __init__(self, *, missing: bool) -> None:
        super().__init__()
        self.missing = missing


class AliasObjects:
    """Aliases in any bucket. Methods raise TransientError when S3 does not answer."""

    def __init__(self, client: "S3Client", results_bucket: str, max_age: int) -> None:
        """`max_age`: seconds that browsers keep an alias: its content changes with each revision."""
        self._client = client
        self._results_bucket = results_bucket
        self._cache_control = f"public, max-age={max_age}"

    def copy(self, result: str, content_type: str, place: tuple[str, str], *, held: bool = False) -> None:
        """Copy a result to an alias, in place of an earlier copy.

        `held`: the image has the alias by its record. The key's object should be a copy, and is looked at first.

        Raises:
            ForeignObjectError: the key has a file of somebody else.
            ObjectGoneError: there is no such result any more.
            SetupError: S3 refuses to write to the bucket, or to say whose file it has.
        """
        condition = self._condition_of_held(place) if held else {"IfNoneMatch": "*"}
        for _ in range(_TRIES):
            try:
                self._copy(result, content_type, place, condition)
            except _ConditionLostError as lost:
                etag = self._etag_of_copy(place)
                if lost.missing and condition == {"IfMatch": etag}:
                    raise ObjectGoneError(result) from None
                condition = {"IfMatch": etag} if etag is not None else {"IfNoneMatch": "*"}
            else:
                return
        raise TransientError(Cause.THROTTLED, f"the alias {place[1]!r} has another object at every look")

    def _condition_of_held(self, place: tuple[str, str]) -> dict[str, Any]:
        try:
            etag = self._etag_of_copy(place)
        except ForeignObjectError:
            raise
        except SetupError:
            # Without the right to list, S3 refuses to say that a key has no object (S3 API reference, HeadObject).
            etag = None
        return {"IfMatch": etag} if etag is not None else {"IfNoneMatch": "*"}

    def _copy(self, result: str, content_type: str, place: tuple[str, str], condition: dict[str, Any]) -> None:
        bucket, key = place
        with translated(f"write the alias {key!r}"):
            try:
                self._client.copy_object(
                    Bucket=bucket,
                    Key=key,
                    CopySource={"Bucket": self._results_bucket, "Key": result},
                    MetadataDirective="REPLACE",
                    Metadata={RESULT: result, PLACE: _mark(place)},
                    ContentType=content_type,
                    CacheControl=self._cache_control,
                    TaggingDirective="REPLACE",
                    **condition,
                )
            except ClientError as error:
                missing = error_code(error) in _GONE
                if error_code(error) in _CONDITION_LOST or ("IfMatch" in condition and missing):
                    raise _ConditionLostError(missing=missing) from None
                if error_code(error) in _GONE:
                    raise ObjectGoneError(result) from None
                if error_code(error) in _REFUSED:
                    raise self._refusal(error, bucket, "write to", "s3:PutObject") from None
                raise

    def delete(self, place: tuple[str, str]) -> None:
        """Delete a copy.

        Raises:
            ForeignObjectError: the key has a file of somebody else, which stays.
            SetupError: S3 refuses to delete in the bucket, or to say whose file it has.
        """
        for _ in range(_TRIES):
            etag = self._etag_of_copy(place)
            if etag is None or self._deleted(place, etag):
                return
        raise TransientError(Cause.THROTTLED, f"the alias {place[1]!r} has another object at every look")

    def _deleted(self, place: tuple[str, str], etag: str) -> bool:
        """Whether the key has no object any more; False if it has another object than that of `etag`."""
        bucket, key = place
        with translated(f"delete the alias {key!r}"):
            try:
                self._client.delete_object(Bucket=bucket, Key=key, IfMatch=etag)
            except ClientError as error:
                if error_code(error) in _CONDITION_LOST | _GONE:
                    return error_code(error) in _GONE
                if error_code(error) in _REFUSED:
                    raise self._refusal(error, bucket, "delete in", "s3:DeleteObject") from None
                raise
        return True

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
        return _result_in(answer.get("Metadata", {}), place)

    def _etag_of_copy(self, place: tuple[str, str]) -> str | None:
        """The ETag of the copy that a key holds; None if it holds nothing.

        Raises:
            ForeignObjectError: the key has a file of somebody else.
            SetupError: S3 refuses to say.
        """
        bucket, key = place
        with translated(f"look at the alias {key!r}"):
            try:
                answer = self._client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _GONE:
                    return None
                if error_code(error) in _REFUSED:
                    raise self._refusal(error, bucket, "read from", "s3:GetObject") from None
                raise
        if _result_in(answer.get("Metadata", {}), place) is None:
            raise ForeignObjectError(f"s3://{bucket}/{key} is a file that pixelfleet did not write")
        return answer["ETag"]

    def _refusal(self, error: ClientError, bucket: str, doing: str, right: str) -> SetupError:
        reason: object = bucket_error(error, bucket, self._client.meta.region_name, right)
        return SetupError(f"{reason or f'S3 refuses to {doing} {bucket}'} ({error_code(error)})")


def _result_in(metadata: Mapping[str, str], place: tuple[str, str]) -> str | None:
    """The result that an object at a place is a copy of; None if the object is no alias, or a copy of another alias."""
    return metadata.get(RESULT) if metadata.get(PLACE) in (None, _mark(place)) else None


def _mark(place: tuple[str, str]) -> str:
    """A digest: metadata are ASCII and have 2 KB, and a key has up to 1,024 bytes of UTF-8."""
    return hashlib.sha256("/".join(place).encode()).hexdigest()
