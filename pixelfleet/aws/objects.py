"""S3 as the worker, the dashboard and the commands use it: originals are fetched, results stored and deleted.

No large body is held whole in memory: originals stream to a file, large results stream from a file.
"""

import hashlib
import mimetypes
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.interruptible import interruptible
from pixelfleet.aws.object_bytes import ObjectBytes, PutHeaders
from pixelfleet.domain.archives import Archive, archive_of, is_being_restored, is_restored
from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.files.destination import draft_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Files that are put at once.
STORE_THREADS: Final = 8
ARCHIVED: Final = (
    "the object is archived, and S3 reads it after a restore only. Ask for a restore, by `pixelfleet adopt "
    "--restore bulk` or `aws s3api restore-object`: the image is processed when S3 has restored the object"
)
IMMUTABLE: Final = "public, max-age=31536000, immutable"
#: User metadata has 2 KB in all (S3 user guide, "Working with object metadata"), and a quoted key can be 3 KB.
SOURCE_METADATA: Final = 1_000

#: Only the standard library's list, because the lists of hosts differ.
_TYPES: Final = mimetypes.MimeTypes()
for _suffix in ("avif", "jxl", "webp"):
    _TYPES.add_type(f"image/{_suffix}", f".{_suffix}")

#: The answers about a key or version without an object.
MISSING: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})
_SUPERSEDED: Final = frozenset({"PreconditionFailed", "412"})
#: The answers to a conditional delete of an object that is replaced, or is being replaced at that moment.
OTHER_OBJECT: Final = _SUPERSEDED | {"ConditionalRequestConflict", "409"}
#: The answer to a GET of a delete marker by its version.
_MARKER: Final = frozenset({"MethodNotAllowed", "405"})


class ObjectGoneError(Exception):
    """The requested version is gone or superseded."""


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One object, as S3 answers a HEAD or a GET; `bytes` is its size.

    A HEAD also says whether the object is archived, so that a GET is refused, and whether a restore is under way.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str | None
    bytes: int
    archive: Archive | None = None
    restoring: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """The attributes of a stored result: its type, the original's key, the recipe's name, the time."""

    content_type: str
    source: str
    recipe: str
    processed_at: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An object's content type, the size of all of it in bytes, when it was put, and its content piece by piece."""

    content_type: str
    size: int
    modified: datetime
    chunks: Iterator[bytes]


class Objects:
    """Both buckets. Methods raise TransientError when S3 does not answer, ObjectGoneError where said.

    A signal handler can interrupt `fetch` and `store` in the main thread: a task's time limit does.
    """

    def __init__(self, client: "S3Client", object_bytes: ObjectBytes, results_bucket: str) -> None:
        self._client = client
        self._object_bytes = object_bytes
        self.results_bucket = results_bucket

    def fetch(self, source: ObjectVersion, path: Path, max_bytes: int) -> tuple[ObjectVersion, str]:
        """Stream one pinned version to `path`; returns it as S3 describes it, and its SHA-256 in hex.

        An object over `max_bytes` is not read: the returned size shows it, and the digest is empty.

        Raises:
            ObjectGoneError: the version is gone, or the key holds another by now.
            PermanentError: the object is archived.
            TransientError: the answer is of another version than the requested version.
        """
        pin = None if source.version_id else source.etag

        def get(abandoned: threading.Event) -> tuple[ObjectVersion, str]:
            download = self._object_bytes.get(source.bucket, source.key, source.version_id, pin)
            version = ObjectVersion(source.bucket, source.key, download.version_id, download.etag, download.size)
            _check_version(source, version)
            return version, _write(download.chunks, path, abandoned) if download.size <= max_bytes else ""

        with translated(f"fetch {source.key!r}"), gone_as_error(source.key), _archived():
            return interruptible(get)

    def store(self, path: Path, key: str, stored: Stored) -> str:
        """Put a file into the results bucket, with caching for a year; returns its SHA-256 in hex.

        S3 verifies the checksum: a body that was damaged in transit is refused, not stored.
        """
        headers = PutHeaders(
            content_type=stored.content_type,
            cache_control=IMMUTABLE,
            metadata=_metadata(stored),
            tags={"pixelfleet-status": "ready", "pixelfleet-processed-at": stored.processed_at},
        )
        with translated(f"store {key!r}"):
            interruptible(lambda _: self._object_bytes.put(self.results_bucket, key, path, headers))
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def store_folder(self, folder: Path, prefix: str, stored: Stored) -> None:
        """Put every file below a folder under `prefix`, several at once: a gigapixel has tens of thousands of tiles.

        The content type of each file follows from its name.
        """
        with ThreadPoolExecutor(STORE_THREADS) as pool:
            paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
            running: set[Future[str]] = set()
            for path in paths:
                content_type = _TYPES.guess_type(path.name)[0] or "application/octet-stream"
                key = prefix + path.relative_to(folder).as_posix()
                running.add(pool.submit(self.store, path, key, replace(stored, content_type=content_type)))
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
                if error_code(error) in MISSING:
                    return None
                raise
        version, restore = answer.get("VersionId"), answer.get("Restore")
        tier = answer.get("ArchiveStatus")
        return ObjectVersion(
            bucket,
            key,
            None if version == "null" else version,
            answer["ETag"].strip('"'),
            answer["ContentLength"],
            archive_of(answer.get("StorageClass"), tier, restored=is_restored(restore)),
            is_being_restored(restore),
        )

    def delete_results(self, prefix: str) -> int:
        """Delete every result below a prefix (it must end with /); returns their number."""
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
        """Merge tags into the tags of the original's version. S3 allows ten; tags above that number are left out."""
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
                if error_code(error) not in MISSING | _MARKER:
                    raise

    def download_result(self, key: str, path: Path) -> None:
        """Stream one result to a file, which appears whole or not at all."""
        with draft_of(path) as draft:

            def get(abandoned: threading.Event) -> None:
                _write(self._object_bytes.get(self.results_bucket, key).chunks, draft, abandoned)

            with translated(f"download {key!r}"):
                interruptible(get)

    def open(self, bucket: str, key: str, version_id: str | None = None, span: range | None = None) -> "Opened":
        """An object to be streamed; the caller reads `chunks` to their end or closes them. `span`: see `ObjectBytes`.

        Raises:
            ObjectGoneError: there is no object of that key and version.
        """
        with translated(f"open {key!r}"), gone_as_error(key):
            download = self._object_bytes.get(bucket, key, version_id, span=span)
        return Opened(download.content_type, download.size, download.modified, download.chunks)

    def delete_original(self, bucket: str, key: str, etag: str | None = None) -> bool:
        """Delete a key's object, in a versioned bucket its current version; the bucket's event starts the rest.

        With `etag`, only an object with that ETag is deleted: False if the key has another object by then. A key
        without an object is deleted already (S3 user guide, "How to perform conditional deletes"), also if S3 refuses
        the condition: an earlier try of the call may have deleted the object, and its answer was lost.
        """
        condition: Any = {"IfMatch": f'"{etag}"'} if etag is not None else {}
        with translated(f"delete {key!r}"):
            try:
                self._client.delete_object(Bucket=bucket, Key=key, **condition)
            except ClientError as error:
                if etag is None or error_code(error) not in MISSING | OTHER_OBJECT:
                    raise
                return error_code(error) in MISSING or self.head(bucket, key) is None
        return True

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


def _metadata(stored: Stored) -> dict[str, str]:
    return {
        "source": quote(stored.source)[:SOURCE_METADATA],
        "recipe": stored.recipe,
        "processed-at": stored.processed_at,
    }


@contextmanager
def gone_as_error(key: str) -> Iterator[None]:
    """Turn S3's answers about a version that is gone or superseded into ObjectGoneError."""
    try:
        yield
    except ClientError as error:
        if error_code(error) in MISSING | _SUPERSEDED | _MARKER:
            raise ObjectGoneError(key) from None
        raise


@contextmanager
def _archived() -> Iterator[None]:
    """Turn S3's answer about an archived object into the cause that an image has then (S3 API reference, GetObject)."""
    try:
        yield
    except ClientError as error:
        if error_code(error) == "InvalidObjectState":
            raise PermanentError(Cause.ARCHIVED, ARCHIVED) from None
        raise


def _check_version(asked: ObjectVersion, answered: ObjectVersion) -> None:
    """Only the version that the record names is decoded: a proxy may answer with the object of another request.

    An answer without a version is compared by its ETag, like an answer of a bucket without versions.

    Raises:
        TransientError: the answer is of another version.
    """
    if asked.version_id is not None and answered.version_id is not None:
        same = answered.version_id == asked.version_id
    else:
        same = asked.etag is None or answered.etag == asked.etag
    if not same:
        raise TransientError(
            Cause.UNAVAILABLE,
            f"S3 was asked for {asked.key!r}, version {asked.version_id or asked.etag}, "
            f"and answered with version {answered.version_id or answered.etag}",
        )


def _write(chunks: Iterable[bytes], path: Path, abandoned: threading.Event) -> str:
    """Write chunks to a file; returns their SHA-256 in hex. Ends early once `abandoned` is set."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for chunk in chunks:
            if abandoned.is_set():
                break
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
