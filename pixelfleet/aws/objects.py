"""S3: fetching an original to a file, storing variants, and what else a bucket is asked.

Nothing is held whole in memory: originals stream to a file, variants from one.
"""

import base64
import hashlib
import mimetypes
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.errors import Cause, TransientError
from pixelfleet.signed.s3 import Sha256, SignedS3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK: Final = 1 << 20
#: Above this an upload goes in parts, so that a broken connection costs one part.
MULTIPART: Final = 64 * 1_000_000
#: Up to here a file is read into memory to be put; beyond, it streams.
AT_ONCE: Final = 8_000_000
#: Tiles that are put at once.
STORE_THREADS: Final = 8
IMMUTABLE: Final = "public, max-age=31536000, immutable"
#: User metadata has 2 KB in all (S3 user guide, "Working with object metadata"), and a quoted key can be 3 KB.
SOURCE_METADATA: Final = 1_000

#: What the standard library knows, whatever the host's own lists say.
_TYPES: Final = mimetypes.MimeTypes()
for _suffix in ("avif", "webp"):
    _TYPES.add_type(f"image/{_suffix}", f".{_suffix}")

_MISSING: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})
_SUPERSEDED: Final = frozenset({"PreconditionFailed", "412"})
#: What a GET of a delete marker by its version answers.
_MARKER: Final = frozenset({"MethodNotAllowed", "405"})


class ObjectGoneError(Exception):
    """The version that was asked for is gone or superseded."""


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One object as a HEAD or a GET tells it; `bytes` is its size."""

    bucket: str
    key: str
    version_id: str | None
    etag: str | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What is told about a variant where it lies."""

    content_type: str
    source: str
    recipe: str
    processed_at: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An object's content type, its size in bytes, and its content piece by piece."""

    content_type: str
    size: int
    chunks: Iterator[bytes]


class Objects:
    """Both buckets. Methods raise TransientError when S3 does not answer, ObjectGoneError where said."""

    def __init__(self, client: "S3Client", signed: SignedS3, results_bucket: str) -> None:
        self._client = client
        self._signed = signed
        self.results_bucket = results_bucket

    def fetch(self, source: ObjectVersion, path: Path, max_bytes: int) -> tuple[ObjectVersion, str]:
        """Stream one pinned version to `path`; returns it as S3 told it, and its SHA-256 in hex.

        An object over `max_bytes` is not read: the returned size says so and the digest is empty.

        Raises:
            ObjectGoneError: the version is gone, or the key holds another by now.
        """
        pin = None if source.version_id else source.etag
        with translated(f"fetch {source.key!r}"):
            try:
                got = self._signed.get(source.bucket, source.key, source.version_id, pin)
            except ClientError as error:
                if error_code(error) in _MISSING | _SUPERSEDED | _MARKER:
                    raise ObjectGoneError(source.key) from None
                raise
            version = got.headers.get("x-amz-version-id")
            found = ObjectVersion(source.bucket, source.key, version, got.headers["etag"].strip('"'), got.size)
            with closing(got.body) as body:
                digest = _copy(body.iter_chunks(CHUNK), path) if found.bytes <= max_bytes else ""
        if digest and got.sha256 not in (None, digest):
            raise TransientError(Cause.UNAVAILABLE, f"{source.key!r} was damaged on its way: its SHA-256 is another")
        return found, digest

    def store(self, path: Path, key: str, told: Stored) -> str:
        """Put a file into the results bucket, to be cached for ever; returns its SHA-256 in hex.

        S3 verifies the checksum, so a body that was damaged on its way is refused, not stored.
        """
        with translated(f"store {key!r}"):
            if path.stat().st_size > AT_ONCE:
                return self._store_large(path, key, told)
            body = path.read_bytes()
            digest = Sha256.of(body)
            self._signed.put(self.results_bucket, key, body, digest, _headers(told))
        return digest.hex

    def _store_large(self, path: Path, key: str, told: Stored) -> str:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        arguments: dict[str, Any] = {
            "ContentType": told.content_type,
            "CacheControl": IMMUTABLE,
            "Metadata": _metadata(told),
            "Tagging": _tagging(told),
        }
        if path.stat().st_size > MULTIPART:
            config = TransferConfig(multipart_threshold=MULTIPART, max_concurrency=4)
            self._client.upload_file(str(path), self.results_bucket, key, ExtraArgs=arguments, Config=config)
        else:
            checksum = base64.b64encode(digest.digest()).decode()
            with path.open("rb") as file:
                self._client.put_object(
                    Bucket=self.results_bucket, Key=key, Body=file, ChecksumSHA256=checksum, **arguments
                )
        return digest.hexdigest()

    def store_folder(self, folder: Path, prefix: str, told: Stored) -> None:
        """Put every file below a folder under `prefix`, several at once: a gigapixel has tens of thousands of tiles.

        Each gets the content type that its name says.
        """
        with ThreadPoolExecutor(STORE_THREADS) as pool:
            paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
            running: set[Future[str]] = set()
            for path in paths:
                content_type = _TYPES.guess_type(path.name)[0] or "application/octet-stream"
                key = prefix + path.relative_to(folder).as_posix()
                running.add(pool.submit(self.store, path, key, replace(told, content_type=content_type)))
                if len(running) >= 4 * STORE_THREADS:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    _raise_first(done)
            _raise_first(running)

    def head(self, bucket: str, key: str) -> ObjectVersion | None:
        """The current version of a key, or None where there is none."""
        with translated(f"look at {key!r}"):
            try:
                answer = self._client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _MISSING:
                    return None
                raise
        version = answer.get("VersionId")
        return ObjectVersion(
            bucket, key, None if version == "null" else version, answer["ETag"].strip('"'), answer["ContentLength"]
        )

    def delete_results(self, prefix: str) -> int:
        """Delete every result below a prefix (it must end with /); returns how many there were."""
        if not prefix.endswith("/") or len(prefix) < 3:
            raise ValueError(f"not a folder of results: {prefix!r}")
        deleted = 0
        for page in self._list_results(prefix):
            with translated(f"delete {prefix!r}"):
                answer = self._client.delete_objects(
                    Bucket=self.results_bucket, Delete={"Objects": [{"Key": key} for key in page], "Quiet": True}
                )
            if errors := answer.get("Errors"):
                raise TransientError(Cause.UNAVAILABLE, f"could not delete {errors[0].get('Key')!r}")
            deleted += len(page)
        return deleted

    def tag_original(self, source: ObjectVersion, tags: dict[str, str]) -> None:
        """Merge tags into those that the original's version has. S3 allows ten; what does not fit is left out."""
        which: dict[str, Any] = {"Bucket": source.bucket, "Key": source.key}
        if source.version_id:
            which["VersionId"] = source.version_id
        with translated(f"tag {source.key!r}"):
            try:
                own = {tag["Key"]: tag["Value"] for tag in self._client.get_object_tagging(**which)["TagSet"]}
                merged = dict(list((own | tags).items())[:10])
                tag_set: Iterable[Any] = [{"Key": name, "Value": value} for name, value in merged.items()]
                self._client.put_object_tagging(**which, Tagging={"TagSet": list(tag_set)})
            except ClientError as error:
                if error_code(error) not in _MISSING | _MARKER:
                    raise

    def download_result(self, key: str, path: Path) -> None:
        """Stream one result to a file, which appears whole or not at all."""
        partial = path.with_name(path.name + ".part")
        with translated(f"download {key!r}"):
            answer = self._client.get_object(Bucket=self.results_bucket, Key=key)
            with closing(answer["Body"]) as body:
                _copy(body.iter_chunks(CHUNK), partial)
        partial.replace(path)

    def open(self, bucket: str, key: str, version_id: str | None = None) -> "Opened":
        """An object to be streamed; the caller reads `chunks` to their end or closes them.

        Raises:
            ObjectGoneError: there is none of that key and version.
        """
        which: dict[str, Any] = {"VersionId": version_id} if version_id else {}
        with translated(f"open {key!r}"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key, **which)
            except ClientError as error:
                if error_code(error) in _MISSING | _MARKER:
                    raise ObjectGoneError(key) from None
                raise
        return Opened(answer["ContentType"], answer["ContentLength"], answer["Body"].iter_chunks(CHUNK))

    def delete_original(self, bucket: str, key: str) -> None:
        """Delete a key's object, in a versioned bucket its current version; the bucket's event does the rest."""
        with translated(f"delete {key!r}"):
            self._client.delete_object(Bucket=bucket, Key=key)

    def download_folder(self, prefix: str, folder: Path) -> None:
        """Stream every result below a prefix (it ends with /) to the same place below `folder`, several at once."""
        with ThreadPoolExecutor(STORE_THREADS) as pool:
            for page in self._list_results(prefix):
                paths = [folder / key.removeprefix(prefix) for key in page]
                for parent in {path.parent for path in paths}:
                    parent.mkdir(parents=True, exist_ok=True)
                # Consumed, so that the first error is raised here.
                list(pool.map(self.download_result, page, paths))

    def _list_results(self, prefix: str) -> Iterator[list[str]]:
        with translated(f"list {prefix!r}"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.results_bucket, Prefix=prefix
            ):
                if keys := [entry["Key"] for entry in page.get("Contents", [])]:
                    yield keys


def _raise_first(done: Iterable["Future[str]"]) -> None:
    for future in done:
        future.result()


def _metadata(told: Stored) -> dict[str, str]:
    return {"source": quote(told.source)[:SOURCE_METADATA], "recipe": told.recipe, "processed-at": told.processed_at}


def _tagging(told: Stored) -> str:
    return urlencode({"pixelfleet-status": "ready", "pixelfleet-processed-at": told.processed_at})


def _headers(told: Stored) -> dict[str, str]:
    """As `_store_large`'s arguments say it (S3 API reference, PutObject)."""
    metadata = {f"x-amz-meta-{name}": value for name, value in _metadata(told).items()}
    tagging = {"x-amz-tagging": _tagging(told)}
    return {"Content-Type": told.content_type, "Cache-Control": IMMUTABLE, **metadata, **tagging}


def _copy(chunks: Iterable[bytes], path: Path) -> str:
    """Of a StreamingBody's chunks: unlike the raw stream below it, it notices when fewer bytes came than promised."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
