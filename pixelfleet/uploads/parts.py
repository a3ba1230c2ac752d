"""A large file in parts, several at a time, each checked by S3 as it arrives and all together at the end."""

import base64
import hashlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from pixelfleet.aws_errors import translated
from pixelfleet.uploads.sender import Sender, Sha256
from pixelfleet.uploads.throttle import Throttle

#: Bytes of a part. Smaller files go in one piece; each thread holds one piece in memory.
PART: Final = 8 << 20
#: S3 takes 10,000 parts (S3 user guide, "Multipart upload limits").
MOST_PARTS: Final = 10_000
#: `fstat` differs by these when a file is written to.
_Signs = tuple[int, int]


class ChangedError(Exception):
    """The file was written to while it was read."""


@dataclass(frozen=True, slots=True)
class Body:
    """An open file, as it was when it was opened. Reads are positioned, so that threads can share it."""

    descriptor: int
    opened: os.stat_result

    @property
    def size(self) -> int:
        return self.opened.st_size

    @property
    def part_size(self) -> int:
        return max(PART, -(-self.size // MOST_PARTS))

    def read(self, start: int, count: int) -> bytes:
        """`count` bytes from `start`, fewer only at the end of the file as it was when it was opened.

        Raises:
            ChangedError: it has become shorter.
        """
        wanted = min(count, self.size - start)
        pieces: list[bytes] = []
        while wanted > 0:
            piece = os.pread(self.descriptor, wanted, start)
            if not piece:
                raise ChangedError
            pieces.append(piece)
            start, wanted = start + len(piece), wanted - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_into(self, room: bytearray, start: int) -> memoryview:
        """Fill `room` from `start`; returns what was filled, less only at the end of the file as it was opened.

        Raises:
            ChangedError: it has become shorter.
        """
        filled, wanted = 0, min(len(room), self.size - start)
        whole = memoryview(room)
        while filled < wanted:
            count = os.preadv(self.descriptor, [whole[filled:wanted]], start + filled)
            if not count:
                raise ChangedError
            filled += count
        return whole[:wanted]

    def parts(self) -> Iterator[tuple[int, int]]:
        """Number, from 1, and beginning of each part."""
        return enumerate(range(0, self.size, self.part_size), 1)

    def check_unchanged(self) -> None:
        """
        Raises:
            ChangedError: it was written to since it was opened.
        """
        if _signs(os.fstat(self.descriptor)) != _signs(self.opened):
            raise ChangedError

    def checksum(self) -> str:
        """What S3 stores as the object's SHA-256 after this file was put: of a file in parts, that of its parts'."""
        if self.size <= PART:
            return Sha256.of(self.read(0, self.size)).base64
        parts = [hashlib.sha256(self.read(start, self.part_size)).digest() for _, start in self.parts()]
        return f"{base64.b64encode(hashlib.sha256(b''.join(parts)).digest()).decode()}-{len(parts)}"


class Parts:
    """Sends files in parts from `pool`, whose threads hold one part each."""

    def __init__(self, sender: Sender, pool: ThreadPoolExecutor, throttle: Throttle) -> None:
        self.pool = pool
        self._sender = sender
        self._throttle = throttle
        self._rooms = threading.local()

    def send(self, body: Body, key: str, content_type: str | None) -> None:
        """Put a file; what a failure leaves of it in the bucket is taken back.

        Raises:
            ChangedError: it was written to meanwhile.
            TransientError: S3 did not take a part, or refused the whole.
        """
        place: Any = {"Bucket": self._sender.bucket, "Key": key}
        client = self._sender.client
        kind: Any = {"ContentType": content_type} if content_type else {}
        with translated(f"put {key!r}"):
            upload_id = client.create_multipart_upload(**place, **kind, ChecksumAlgorithm="SHA256")["UploadId"]
            try:
                sent = self._send_parts(body, key, upload_id)
                body.check_unchanged()
                client.complete_multipart_upload(**place, UploadId=upload_id, MultipartUpload={"Parts": sent})
            except BaseException:
                # What cannot be taken back now, the bucket's lifecycle rule does within days.
                with suppress(ClientError, BotoCoreError):
                    client.abort_multipart_upload(**place, UploadId=upload_id)
                raise

    def _send_parts(self, body: Body, key: str, upload_id: str) -> list[Any]:
        running: list[Future[Any]] = []
        try:
            for number, start in body.parts():
                running.append(self.pool.submit(self._send_part, body, key, (upload_id, number, start)))
            return [future.result() for future in running]
        except BaseException:
            for future in running:
                future.cancel()
            raise

    def _room(self, count: int) -> bytearray:
        """This thread's own buffer: a new one for each part would cost more than reading it, in page faults."""
        room: bytearray | None = getattr(self._rooms, "room", None)
        if room is None or len(room) != count:
            room = self._rooms.room = bytearray(count)
        return room

    def _send_part(self, body: Body, key: str, which: tuple[str, int, int]) -> dict[str, Any]:
        upload_id, number, start = which
        content = body.read_into(self._room(body.part_size), start)
        digest = Sha256.of(content)
        self._throttle.take(len(content))
        etag = self._sender.put_part(key, content, digest, {"partNumber": str(number), "uploadId": upload_id})
        return {"PartNumber": number, "ETag": etag, "ChecksumSHA256": digest.base64}


def _signs(found: os.stat_result) -> _Signs:
    return found.st_size, found.st_mtime_ns
