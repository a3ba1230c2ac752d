"""S3: the SHA-256 of stored objects, without moving their bytes if S3 keeps the checksum; small results, whole."""

import base64
import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK: Final = 1 << 20
#: 405 answers a request for a delete marker by its version.
_MISSING: Final = frozenset({"404", "405", "NoSuchKey", "NoSuchVersion", "NotFound", "MethodNotAllowed"})


class Inspection:
    """Both buckets. Methods raise TransientError when S3 does not answer."""

    def __init__(self, client: "S3Client", results_bucket: str) -> None:
        self._client = client
        self.results_bucket = results_bucket

    def sha256(self, bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        """The SHA-256 of an object, None if the object is not there.

        S3 checked the digest when the object was stored, and returns it for a HEAD. An object that has no digest, or
        one over parts, is read.
        """
        place: Any = {"Bucket": bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})
        with translated(f"look at {key!r}"):
            try:
                stored = self._client.head_object(**place, ChecksumMode="ENABLED").get("ChecksumSHA256", "")
            except ClientError as error:
                if error_code(error) in _MISSING:
                    return None
                raise
            return base64.b64decode(stored) if stored and "-" not in stored else self._digest(place)

    def content(self, key: str) -> bytes | None:
        """A small result, whole; None if it is not there."""
        with translated(f"read {key!r}"):
            try:
                answer = self._client.get_object(Bucket=self.results_bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _MISSING:
                    return None
                raise
            with closing(answer["Body"]) as body:
                return body.read()

    def _digest(self, place: Any) -> bytes:
        digest = hashlib.sha256()
        with closing(self._client.get_object(**place)["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK):
                digest.update(chunk)
        return digest.digest()
