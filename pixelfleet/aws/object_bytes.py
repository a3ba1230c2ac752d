"""The bytes of objects, to S3 and from it, by obstore; by boto3 for keys that obstore cannot name.

Why two libraries: docs/decisions/s3-by-obstore.md. Both raise boto3's errors here (aws/obstore_errors.py).
An `ObjectBytes` belongs to the process that made it: a process that has used obstore must not fork.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode

import obstore
from boto3.s3.transfer import TransferConfig
from boto3.session import Session
from botocore.exceptions import ClientError, IncompleteReadError, NoCredentialsError
from botocore.httpsession import get_cert_path
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.store import S3Store

from pixelfleet.aws.errors import RETRYABLE, error_code
from pixelfleet.aws.obstore_errors import OBSTORE_ERRORS, as_boto3_error, is_header_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK: Final = 1 << 20
#: Bytes. A larger file goes in parts of `PART` bytes, `PARTS` at once, so that memory stays small.
AT_ONCE: Final = 16_000_000
PART: Final = 8 << 20
PARTS: Final = 4
#: S3's type for an object that was put without a type.
UNTYPED: Final = "binary/octet-stream"
#: botocore renews credentials before their last ten minutes begin (`RefreshableCredentials`). obstore keeps
#: credentials until 300 seconds before the end of this life, and asks again: they are then still valid.
CREDENTIAL_LIFE: Final = timedelta(minutes=9)
#: For a whole request of an object of any size. A silent server is noticed by the read time-out.
LONGEST: Final = timedelta(hours=12)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Policy:
    """How long requests wait and how often they are repeated. Seconds.

    `silence` bounds the time without a byte of the answer, which for a put begins when the body does: a body must be
    sent within it. The kernel ends a connection whose packets nobody acknowledges sooner, after 30 seconds.
    """

    connect: float = 5.0
    silence: float = 60.0
    attempts: int = 4
    first_pause: float = 0.3
    longest_pause: float = 20.0
    sleep: Callable[[float], None] = time.sleep


DEFAULT: Final = Policy()


@dataclass(frozen=True, slots=True)
class PutHeaders:
    """Attributes that S3 keeps with an object. Names of metadata are in lower case."""

    content_type: str | None = None
    cache_control: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectStream:
    """An object whose bytes are not read yet. `etag` is without quotes; `size` is in bytes, of the whole object."""

    version_id: str | None
    etag: str
    size: int
    content_type: str
    chunks: Iterator[bytes]
    modified: datetime


class ObjectBytes:
    """Puts and gets objects of any bucket. Safe for many threads.

    Every method raises ClientError or BotoCoreError, after the policy's attempts where another attempt could help.
    """

    def __init__(
        self, client: "S3Client", session: Session, policy: Policy = DEFAULT, ca_bundle: str | None = None
    ) -> None:
        self._client = client
        self._session = session
        self._policy = policy
        self._ca_bundle = ca_bundle
        self._store = cache(self._make_store)

    def put(self, bucket: str, key: str, body: bytes | Path, headers: PutHeaders) -> str:
        """Put an object. S3 compares the body with its SHA-256, and keeps the checksum with the object.

        A file of more than `AT_ONCE` bytes goes in parts; S3 then keeps a digest of the parts' digests. Returns the
        object's ETag without quotes, empty if the library that sent the object does not return it.
        """
        if not is_plain(key):
            return self._put_by_boto3(bucket, key, body, headers)
        in_parts = isinstance(body, Path) and body.stat().st_size > AT_ONCE
        content = body.read_bytes() if isinstance(body, Path) and not in_parts else body
        store, attributes, tags = self._store(bucket), _attributes(headers), dict(headers.tags)

        def put() -> str:
            result = obstore.put(
                store,
                key,
                content,
                attributes=attributes,
                tags=tags,
                use_multipart=in_parts,
                chunk_size=PART,
                max_concurrency=PARTS,
            )
            return (result["e_tag"] or "").strip('"')

        return self._attempt(put, "PutObject", key)

    def get(
        self, bucket: str, key: str, version_id: str | None = None, etag: str | None = None, span: range | None = None
    ) -> ObjectStream:
        """An object: one version of it, or only if its ETag (without quotes) is that.

        `span` is a part of the object, in bytes: of at least one byte, with its beginning inside of the object. The
        chunks raise the same errors. A broken connection is continued at the byte where it broke.
        """
        if not is_plain(key):
            return self._get_by_boto3(bucket, key, version_id, etag, span)
        store = self._store(bucket)
        options: Any = {"version": version_id} if version_id else {}
        if etag is not None:
            options["if_match"] = f'"{etag}"'
        if span is not None:
            options["range"] = (span.start, span.stop)
        try:
            result = self._attempt(lambda: obstore.get(store, key, options=options), "GetObject", key)
        except obstore.exceptions.GenericError as error:
            if is_header_error(error):
                return self._get_by_boto3(bucket, key, version_id, etag, span)
            raise
        size, version = result.meta["size"], result.meta["version"]
        return ObjectStream(
            version_id=None if version == "null" else version,
            etag=(result.meta["e_tag"] or "").strip('"'),
            size=size,
            content_type=result.attributes.get("Content-Type", UNTYPED),
            chunks=_chunks(result, key),
            modified=result.meta["last_modified"],
        )

    def _attempt(self, call: Callable[[], Result], operation: str, key: str) -> Result:
        """obstore repeats a call after 5xx, 429, a time-out or a broken connection. Other calls are repeated here."""
        for attempt in range(self._policy.attempts):
            try:
                return call()
            except OBSTORE_ERRORS as error:
                if is_header_error(error):
                    raise
                known = as_boto3_error(error, operation, key)
                if known is None:
                    raise
                if attempt + 1 == self._policy.attempts or not _repeatable(known):
                    raise known from error
            # Full jitter: threads that were throttled together do not repeat their calls together.
            longest = min(self._policy.longest_pause, self._policy.first_pause * 2.0**attempt)
            self._policy.sleep(random.uniform(0.0, longest))  # noqa: S311 - no secret
        raise AssertionError("a policy has at least one attempt")

    def _make_store(self, bucket: str) -> S3Store:
        # The client has all the rules about regions, partitions, dual stack and path style.
        signed = self._client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "x"})
        base = signed.partition("?")[0].removesuffix("/x")
        return S3Store(
            bucket,
            # An option that is given here takes precedence over a variable of the environment.
            aws_endpoint_url_s3=base,
            virtual_hosted_style_request=True,
            region=self._client.meta.region_name,
            checksum_algorithm="SHA256",
            skip_signature=False,
            disable_tagging=False,
            credential_provider=self._credentials,
            client_options=self._client_options(base),
            retry_config={
                "max_retries": self._policy.attempts - 1,
                "backoff": {
                    "init_backoff": timedelta(seconds=self._policy.first_pause),
                    "max_backoff": timedelta(seconds=self._policy.longest_pause),
                    "base": 2,
                },
            },
        )

    def _client_options(self, base: str) -> Any:
        return {
            "allow_http": base.startswith("http://"),
            "connect_timeout": timedelta(seconds=self._policy.connect),
            "read_timeout": timedelta(seconds=self._policy.silence),
            "timeout": LONGEST,
            "user_agent": "pixelfleet",
            # Added to the system's certificates, which a small container may not have. boto3 uses these too.
            "root_certificate": Path(str(self._ca_bundle or get_cert_path(verify=True))).read_bytes(),
        }

    @cached_property
    def _credentials(self) -> Boto3CredentialProvider:
        if self._session.get_credentials() is None:
            raise NoCredentialsError
        return Boto3CredentialProvider(self._session, ttl=CREDENTIAL_LIFE)

    def _put_by_boto3(self, bucket: str, key: str, body: bytes | Path, headers: PutHeaders) -> str:
        arguments: Any = _arguments(headers)
        if isinstance(body, Path):
            config = TransferConfig(multipart_threshold=AT_ONCE, multipart_chunksize=PART, max_concurrency=PARTS)
            extra = {**arguments, "ChecksumAlgorithm": "SHA256"}
            self._client.upload_file(str(body), bucket, key, ExtraArgs=extra, Config=config)
            return ""
        answer = self._client.put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256", **arguments)
        return answer["ETag"].strip('"')

    def _get_by_boto3(
        self, bucket: str, key: str, version_id: str | None, etag: str | None, span: range | None
    ) -> ObjectStream:
        which: dict[str, Any] = {"VersionId": version_id} if version_id else {}
        if etag is not None:
            which["IfMatch"] = f'"{etag}"'
        if span is not None:
            which["Range"] = f"bytes={span.start}-{span.stop - 1}"
        answer = self._client.get_object(Bucket=bucket, Key=key, **which)
        version = answer.get("VersionId")
        return ObjectStream(
            version_id=None if version == "null" else version,
            etag=answer["ETag"].strip('"'),
            size=_whole_size(answer),
            content_type=answer.get("ContentType", UNTYPED),
            chunks=answer["Body"].iter_chunks(CHUNK),
            modified=answer["LastModified"],
        )


def is_plain(key: str) -> bool:
    """Whether obstore names this key as S3 does (object_store, path/mod.rs and path/parts.rs).

    It refuses ASCII control characters, empty segments, `.` and `..`, and takes a slash from either end.
    """
    if any(character < " " or character == "\x7f" for character in key):
        return False
    return not {"", ".", ".."} & set(key.split("/"))


def _repeatable(error: Exception) -> bool:
    """Whether S3 asked for a repeat with a status that obstore does not repeat."""
    if not isinstance(error, ClientError):
        return False
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return error_code(error) in RETRYABLE and status < 500 and status != 429


def _whole_size(answer: Mapping[str, Any]) -> int:
    """The size of the object of a GET, also if the answer has only a part of it (Content-Range: bytes 0-9/1000)."""
    return int(str(answer["ContentRange"]).rpartition("/")[2]) if "ContentRange" in answer else answer["ContentLength"]


def _chunks(result: "obstore.GetResult", key: str) -> Iterator[bytes]:
    first, last = result.range
    expected, received = last - first, 0
    try:
        for chunk in result.stream(CHUNK):
            received += len(chunk)
            yield bytes(chunk)
    except OBSTORE_ERRORS as error:
        known = as_boto3_error(error, "GetObject", key)
        raise known or error from error
    if received != expected:
        raise IncompleteReadError(actual_bytes=received, expected_bytes=expected)


def _attributes(headers: PutHeaders) -> dict[str, str]:
    own = {"Content-Type": headers.content_type, "Cache-Control": headers.cache_control}
    return {name: value for name, value in own.items() if value is not None} | dict(headers.metadata)


def _arguments(headers: PutHeaders) -> dict[str, Any]:
    """boto3's arguments in place of obstore's `_attributes` and tags."""
    own = {
        "ContentType": headers.content_type,
        "CacheControl": headers.cache_control,
        "Metadata": dict(headers.metadata),
        "Tagging": urlencode(headers.tags),
    }
    return {name: value for name, value in own.items() if value}
