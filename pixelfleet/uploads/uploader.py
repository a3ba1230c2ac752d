"""Puts many files at once into the uploads bucket, each whole or not at all."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from pixelfleet.aws.checksums import crc32_base64, crc32_of_parts, sha256_base64
from pixelfleet.aws.upload_bucket import UploadBucket
from pixelfleet.domain.keys import MAX_KEY_BYTES, image_id
from pixelfleet.errors import Cause, PermanentError, RefusedError, SetupError, TransientError
from pixelfleet.files.regular import open_regular
from pixelfleet.files.sources import Source
from pixelfleet.images.formats import Read, content_type_of, identify
from pixelfleet.uploads.body import PART, Body, ChangedError
from pixelfleet.uploads.known import KnownFiles, KnownImage
from pixelfleet.uploads.meter import Meter
from pixelfleet.uploads.parts import Parts
from pixelfleet.uploads.throttle import Throttle
from pixelfleet.uploads.unfinished import Begun, Unfinished

#: How often a file is read again that changes during the reading.
READS: Final = 3


@dataclass(frozen=True, slots=True)
class Put:
    """One file that was put, or the reason why not: a `problem`, or that the file is no image (`skipped`).

    `etag` is the object's, empty where it is unknown. `bytes` and `mtime_ns` are from the reading of the file, and may
    differ from those of the walk. `was_there`: an earlier run put the file and was killed before the note in the
    journal. `known`: an image of the owner with the same bytes under another key; the file was not put.
    """

    source: Source
    key: str
    problem: str | None = None
    cause: Cause | None = None
    skipped: str | None = None
    known: KnownImage | None = None
    was_there: bool = False
    bytes: int = 0
    mtime_ns: int = 0
    etag: str = ""

    @property
    def in_bucket(self) -> bool:
        """Whether the file is in the bucket under its key, by this run or by an earlier run."""
        return self.problem is None and self.skipped is None and self.known is None

    @property
    def may_pass(self) -> bool:
        """Whether S3 may take the same file another time: the network or S3 failed, not the file."""
        return self.cause is not None and not self.cause.blames_image


class Uploader:
    """Puts files into one bucket, several at once. At the end of the `with` block no thread is left.

    With `images_only`, files that do not begin like an image are skipped. With `unfinished`, large files of an earlier
    run are finished. With `known`, files are not put if the owner has the same bytes. `max_bandwidth` is in bytes a
    second.
    """

    def __init__(
        self,
        bucket: UploadBucket,
        threads: int,
        *,
        images_only: bool = False,
        max_bandwidth: float | None = None,
        unfinished: Unfinished | None = None,
        known: KnownFiles | None = None,
    ) -> None:
        self.bucket = bucket.bucket
        self.meter = Meter()
        self._bucket = bucket
        self._images_only = images_only
        self._known = known
        self._throttle = Throttle(max_bandwidth)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="put")
        # A second pool: in one pool, files that wait for their parts could take the threads that send the parts.
        pool = ThreadPoolExecutor(threads, thread_name_prefix="part")
        self._parts = Parts(bucket, pool, self._throttle, self.meter, unfinished)

    def __enter__(self) -> "Uploader":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._parts.pool.shutdown(cancel_futures=True)
        self._pool.shutdown()

    def image_id(self, key: str) -> str:
        return image_id(self.bucket, key)

    def submit(self, source: Source, key: str, *, doubtful: bool = False) -> "Future[Put]":
        """Put one file in the background."""
        return self._pool.submit(self.put, source, key, doubtful=doubtful)

    def put(self, source: Source, key: str, *, doubtful: bool = False) -> Put:
        """Put one file. A fault of the file itself is in the answer.

        A `doubtful` file may be in the bucket already: it is not sent again if S3 has the same bytes.

        Raises:
            SetupError: the bucket or the keys are wrong.
        """
        if source.problem is not None:
            return Put(source, key, source.problem, Cause.UNREADABLE)
        if len(key.encode()) > MAX_KEY_BYTES:
            return Put(source, key, f"its key would have more than S3's {MAX_KEY_BYTES:,} bytes", Cause.UNREADABLE)
        try:
            return self._read_and_send(source, key, doubtful=doubtful)
        except PermanentError as error:
            return Put(source, key, skipped=error.message)
        except OSError as error:
            return Put(source, key, f"cannot be read: {error.strerror or error}", Cause.UNREADABLE)
        except RefusedError as error:
            raise SetupError(f"nothing can be put into s3://{self.bucket}: {error.__cause__ or error}") from error
        except TransientError as error:
            return Put(source, key, error.message, error.cause)

    def give_up(self, begun: Begun) -> None:
        """Delete the parts that an earlier run has sent of a file."""
        self._parts.give_up(begun.key, begun.upload_id)

    def _read_and_send(self, source: Source, key: str, *, doubtful: bool) -> Put:
        for _ in range(READS):
            try:
                with open_regular(source.path) as file:
                    body = Body(source.path, file.fileno(), os.fstat(file.fileno()))
                    there = self._etag_of_same(body, key) if doubtful else None
                    known = self._known_image(body, key) if there is None else None
                    if known is not None and known.key != key:
                        return Put(source, key, known=known, bytes=body.size, mtime_ns=body.mtime_ns)
                    there = known.etag if known is not None else there
                    etag = self._send(body, key) if there is None else there
            except ChangedError:
                continue
            opened = body.opened
            size, mtime_ns = opened.st_size, opened.st_mtime_ns
            return Put(source, key, was_there=there is not None, bytes=size, mtime_ns=mtime_ns, etag=etag)
        return Put(source, key, "the file changed during every reading; upload it again later", Cause.UNREADABLE)

    def _known_image(self, body: Body, key: str) -> KnownImage | None:
        if self._known is None:
            return None
        # A file that is no image is skipped for that reason, and is not read as a whole.
        self._content_type(body.read)
        return self._known.image_of(body, key)

    def _etag_of_same(self, body: Body, key: str) -> str | None:
        """The ETag of the object under this key, if the object has the same bytes."""
        stored = self._bucket.checksum_of(key)
        if stored is None or stored.bytes != body.size:
            return None
        if body.size <= PART:
            same = stored.sha256 == sha256_base64(body.read(0, body.size))
        else:
            parts = (crc32_base64(body.read(start, body.part_size)) for _, start in body.parts())
            same = stored.crc32 == crc32_of_parts(parts)
        return stored.etag if same else None

    def _send(self, body: Body, key: str) -> str:
        if body.size > PART:
            return self._parts.send(body, key, self._content_type(body.read))
        whole = body.read(0, body.size)
        content_type = self._content_type(lambda offset, count: whole[offset : offset + count])
        body.check_unchanged()
        self._throttle.take(body.size)
        etag = self._bucket.put(key, whole, content_type)
        self.meter.add(sent=body.size)
        return etag

    def _content_type(self, read: Read) -> str | None:
        """The media type of a file, by the same rule as the engine.

        Raises:
            PermanentError: the file is no image that the engine reads, and only images are sent.
        """
        if not self._images_only:
            return None
        if not read(0, 1):
            raise PermanentError(Cause.EMPTY, "the file is empty")
        return content_type_of(identify(read))
