"""From files to the uploads bucket: keys, and putting many at once."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError, NoCredentialsError

from pixelfleet.aws_errors import error_code, translated
from pixelfleet.errors import Cause, SetupError, TransientError
from pixelfleet.jobs import MAX_KEY_BYTES, image_id, place_of
from pixelfleet.sources import Source

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Above this a file goes in parts, several at a time.
MULTIPART: Final = 64 * 1_000_000
#: Files that are begun ahead of what is done, for each thread: a million files wait on the disk, not here.
AHEAD: Final = 4
_DIGEST: Final = 16

#: Answers that no other file would get differently.
_HOPELESS: Final = frozenset(
    {
        "NoSuchBucket",
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "PermanentRedirect",
    }
)


@dataclass(frozen=True, slots=True)
class Put:
    """One file that was put, or why it was not."""

    source: Source
    key: str
    problem: str | None = None
    cause: Cause | None = None


class Uploader:
    """Puts files into one bucket, several at once. As a context manager it leaves no thread behind."""

    def __init__(self, client: "S3Client", bucket: str, threads: int) -> None:
        self._client = client
        self.bucket = bucket
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="put")

    def __enter__(self) -> "Uploader":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def image_id(self, key: str) -> str:
        return image_id(self.bucket, key)

    def put_all(self, wanted: Iterable[tuple[Source, str]]) -> Iterator[Put]:
        """Put files under keys; yields each as it is done, in no order. `wanted` is read only as far as needed.

        Raises:
            SetupError: what is refused would be refused for every file.
        """
        running: set[Future[Put]] = set()
        for source, key in wanted:
            running.add(self._pool.submit(self.put, source, key))
            if len(running) >= self._threads * AHEAD:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)

    def submit(self, source: Source, key: str) -> "Future[Put]":
        """Put one file in the background."""
        return self._pool.submit(self.put, source, key)

    def put(self, source: Source, key: str) -> Put:
        """Put one file; what is the file's own fault is told in the answer.

        Raises:
            SetupError: the bucket or the keys are wrong.
        """
        if source.problem is not None:
            return Put(source, key, source.problem, Cause.UNREADABLE)
        if len(key.encode()) > MAX_KEY_BYTES:
            return Put(source, key, f"its key would have more than S3's {MAX_KEY_BYTES:,} bytes", Cause.UNREADABLE)
        try:
            self._send(source, key)
        except OSError as error:
            return Put(source, key, f"cannot be read: {error.strerror or error}", Cause.UNREADABLE)
        except TransientError as error:
            if hopeless := _hopeless(error):
                raise SetupError(f"nothing can be put into s3://{self.bucket}: {hopeless}") from error
            return Put(source, key, error.message, error.cause)
        return Put(source, key)

    def _send(self, source: Source, key: str) -> None:
        with translated(f"put {key!r}"), source.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= MULTIPART:
                self._client.put_object(Bucket=self.bucket, Key=key, Body=file)
                return
            config = TransferConfig(multipart_threshold=MULTIPART, max_concurrency=self._threads)
            try:
                self._client.upload_fileobj(file, self.bucket, key, Config=config)
            except Boto3Error as error:
                raise TransientError(Cause.UNAVAILABLE, f"could not put {key!r}: {error}") from error


def batch_prefix(owner: str, batch: str) -> str:
    """`uploads/<owner>/<batch>/`.

    Raises:
        SetupError: a name that the worker would not read back from the key.
    """
    prefix = f"uploads/{owner}/{batch}/"
    place = place_of(f"{prefix}x")
    if (place.owner, place.batch) != (owner, batch):
        raise SetupError(
            f"owner {owner!r} and batch {batch!r}: each takes letters, digits and . _ @ + = - after a letter or digit; "
            "64 characters for an owner, 128 for a batch"
        )
    return prefix


def as_key(relative: str) -> str:
    """A relative path as part of a key: bytes that are no UTF-8, which S3 does not take, become %XX."""
    return re.sub(r"[\udc80-\udcff]", lambda found: f"%{ord(found[0]) - 0xDC00:02X}", relative)


def short_key(prefix: str, relative: str) -> str:
    """A key that S3 takes for a path of any length: one that is too long ends in a digest of the whole."""
    key = prefix + as_key(relative)
    if len(key.encode()) <= MAX_KEY_BYTES:
        return key
    digest = hashlib.sha256(os.fsencode(relative)).hexdigest()[:_DIGEST]
    room = MAX_KEY_BYTES - len(digest) - 1
    return f"{key.encode()[:room].decode(errors='ignore')}~{digest}"


def _hopeless(error: TransientError) -> str | None:
    reason = error.__cause__
    if isinstance(reason, NoCredentialsError):
        return "no AWS credentials were found; after `pixelfleet up`, paste the lines that it prints"
    if isinstance(reason, ClientError) and error_code(reason) in _HOPELESS:
        return str(reason)
    return None
