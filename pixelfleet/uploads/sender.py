"""One body into the uploads bucket, signed and checked (docs/decisions/upload-engine.md)."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.credentials import Credentials

from pixelfleet.signed.http import Policy, SignedHttp
from pixelfleet.signed.s3 import Buffer, Crc32, Sha256, SignedS3, judge

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: One more than elsewhere: a file that fails is listed and has to be sent again by hand.
ATTEMPTS: Final = 5


class Sender:
    """Puts bodies into one bucket; safe to use from `connections` threads at once.

    Raises ClientError or HTTPClientError after `ATTEMPTS` attempts, or at once where another would not help.
    """

    def __init__(
        self,
        client: "S3Client",
        credentials: Credentials,
        bucket: str,
        *,
        connections: int,
        ca_bundle: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        self.bucket = bucket
        policy = Policy(connections, ca_bundle, ATTEMPTS, sleep)
        http = SignedHttp(client, credentials, judge, policy)
        self._s3 = SignedS3(client, http)

    def put(self, key: str, body: Buffer, digest: Sha256, content_type: str | None = None) -> str:
        """Put an object; returns its ETag."""
        headers = {"Content-Type": content_type} if content_type is not None else {}
        return self._s3.put(self.bucket, key, body, digest, headers)

    def put_part(self, key: str, body: Buffer, checksum: Crc32, part: dict[str, str]) -> str:
        """Put a part of an object: `part` holds its partNumber and uploadId. Returns its ETag."""
        return self._s3.put_part(self.bucket, key, body, checksum, part)
