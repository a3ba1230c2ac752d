"""One body into the uploads bucket, signed and checked, at half the CPU time of a client's put_object.

A client's call builds its request anew from the service model, 1.8 ms each time; here the address is asked of the
client once, and botocore's own signer and HTTP session do the rest (docs/decisions/upload-engine.md). S3 holds what
arrives against the checksum that goes along, which is signed and stored with the object.
"""

import hashlib
import ipaddress
import random
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError, HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from pixelfleet.aws_errors import THROTTLES, error_code
from pixelfleet.uploads.checksums import UNSIGNED, Buffer, Checksum

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ATTEMPTS: Final = 5
#: Seconds: of the longest pause between two attempts, and of waiting for a connection and for an answer.
LONGEST_PAUSE: Final = 8.0
CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0

_FIELD = re.compile(r"<(Code|Message|Region)>([^<]*)</")


class _Signer(S3SigV4Auth):
    """Signs with what is known of the body, where botocore's would hash it once more."""

    def __init__(self, credentials: ReadOnlyCredentials, region: str, payload: str) -> None:
        super().__init__(credentials, "s3", region)
        self._payload = payload

    def payload(self, request: AWSRequest) -> str:  # noqa: ARG002 - botocore's signature
        return self._payload


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
        self._credentials = credentials
        self._base = _address(client, bucket)
        self._is_open = is_open(self._base)
        self._sleep = sleep
        # As botocore's own endpoints call it; its stubs know neither a CA bundle's path nor two time-outs.
        options: Any = {"verify": ca_bundle or True, "timeout": (CONNECT_SECONDS, ANSWER_SECONDS)}
        proxies = get_environ_proxies(self._base)
        self._http = URLLib3Session(proxies=proxies, max_pool_connections=connections, **options)

    def put(self, key: str, body: Buffer, checksum: Checksum, content_type: str | None = None) -> str:
        """Put an object; returns its ETag."""
        return self._put_url(self._base + quote(key, safe="/~"), body, checksum, content_type)

    def put_part(self, key: str, body: Buffer, checksum: Checksum, part: dict[str, str]) -> str:
        """Put a part of an object: `part` holds its partNumber and uploadId. Returns its ETag."""
        return self._put_url(f"{self._base}{quote(key, safe='/~')}?{urlencode(part)}", body, checksum, None)

    def _put_url(self, url: str, body: Buffer, checksum: Checksum, content_type: str | None) -> str:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._put(url, body, checksum, content_type)
            except (ClientError, HTTPClientError) as error:
                if attempt == ATTEMPTS or not _passing(error):
                    raise
            # Full jitter: threads that were throttled together do not come back together.
            self._sleep(random.uniform(0.0, min(LONGEST_PAUSE, 0.2 * 2**attempt)))  # noqa: S311 - no secret

    def _put(self, url: str, body: Buffer, checksum: Checksum, content_type: str | None) -> str:
        headers = dict([checksum.header])
        if content_type is not None:
            headers["Content-Type"] = content_type
        request = AWSRequest("PUT", url, headers=headers, data=body)
        frozen = self._credentials.get_frozen_credentials()
        payload = checksum.payload
        if payload == UNSIGNED and self._is_open:
            payload = hashlib.sha256(body).hexdigest()
        _Signer(frozen, self.client.meta.region_name, payload).add_auth(request)
        answer = self._http.send(request.prepare())
        if answer.status_code != HTTPStatus.OK:
            raise _refusal(answer.status_code, answer.text)
        return str(answer.headers["ETag"])


def _address(client: "S3Client", bucket: str) -> str:
    """The bucket's own URL with a slash at its end, by all the rules that the client knows."""
    signed = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "x"})
    return signed.partition("?")[0].removesuffix("x")


def is_open(address: str) -> bool:
    """Whether a body on its way there can be changed by others: then the signature must cover it."""
    found = urlsplit(address)
    if found.scheme == "https" or found.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(found.hostname or "").is_loopback
    except ValueError:
        return True


def _passing(error: ClientError | HTTPClientError) -> bool:
    if isinstance(error, HTTPClientError):
        return True
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status >= 500 or error_code(error) in THROTTLES or error_code(error) == "RequestTimeout"


def _refusal(status: int, text: str) -> ClientError:
    """As the client would raise it (S3 API reference, "Error responses")."""
    told = dict(_FIELD.findall(text))
    message = told.get("Message", "")
    if region := told.get("Region"):
        message += f" (the bucket is in {region}: set AWS_REGION)"
    answer: Any = {
        "Error": {"Code": told.get("Code", str(status)), "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "PutObject")
