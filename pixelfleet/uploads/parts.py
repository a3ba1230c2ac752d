"""A large file in parts, several at a time. S3 verifies each part on arrival, and the whole object at the end.

The next run does not send the parts again that a killed run has sent.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from pixelfleet.aws.checksums import crc32_base64
from pixelfleet.aws.upload_bucket import PutPart, StoredPart, UploadBucket, UploadGoneError
from pixelfleet.errors import Cause, TransientError
from pixelfleet.uploads.body import Body, ChangedError
from pixelfleet.uploads.meter import Meter
from pixelfleet.uploads.throttle import Throttle
from pixelfleet.uploads.unfinished import Begun, Unfinished


@dataclass(frozen=True, slots=True)
class _Sending:
    """One upload in progress, and the parts that an earlier run has sent, by number."""

    body: Body
    key: str
    upload_id: str
    stored: dict[int, StoredPart]


class Parts:
    """Sends files in parts from `pool`, whose threads hold one part each.

    With `unfinished`, the sent parts stay in the bucket after a failure or a kill, for the next run. Without, a failure
    deletes the sent parts.
    """

    def __init__(
        self,
        bucket: UploadBucket,
        pool: ThreadPoolExecutor,
        throttle: Throttle,
        meter: Meter,
        unfinished: Unfinished | None = None,
    ) -> None:
        self.pool = pool
        self._meter = meter
        self._bucket = bucket
        self._throttle = throttle
        self._unfinished = unfinished
        self._rooms = threading.local()

    def send(self, body: Body, key: str, content_type: str | None) -> str:
        """Put a file, or the missing parts of the file; returns the object's ETag.

        Raises:
            ChangedError: the file was written to meanwhile.
            TransientError: S3 did not take a part, or refused the whole.
        """
        taken_up = self._take_up(body, key)
        if taken_up is not None:
            # Somebody may have aborted the upload of the earlier run by now.
            with suppress(UploadGoneError):
                return self._finish(taken_up)
        try:
            return self._finish(self._begin(body, key, content_type))
        except UploadGoneError as error:
            message = f"the upload of {key!r} was aborted while it was sent: upload the file again"
            raise TransientError(Cause.UNAVAILABLE, message) from error

    def give_up(self, key: str, upload_id: str) -> None:
        """Delete the parts that were sent."""
        self._bucket.abort(key, upload_id)
        if self._unfinished is not None:
            self._unfinished.forget(key)

    def _take_up(self, body: Body, key: str) -> _Sending | None:
        begun = self._unfinished.take(key) if self._unfinished is not None else None
        if begun is None:
            return None
        stored = self._bucket.parts(key, begun.upload_id) if begun.is_of(body) else None
        if stored is None:
            self.give_up(key, begun.upload_id)
            return None
        return _Sending(body, key, begun.upload_id, stored)

    def _begin(self, body: Body, key: str, content_type: str | None) -> _Sending:
        upload_id = self._bucket.begin(key, content_type)
        if self._unfinished is not None:
            self._unfinished.begin(Begun(key, body.path, upload_id, body.size, body.mtime_ns, body.part_size))
        return _Sending(body, key, upload_id, {})

    def _finish(self, sending: _Sending) -> str:
        key, upload_id = sending.key, sending.upload_id
        try:
            sent = self._send_parts(sending)
            sending.body.check_unchanged()
            etag = self._bucket.complete(key, upload_id, sent)
        except BaseException as error:
            if self._unfinished is None or isinstance(error, ChangedError):
                self.give_up(key, upload_id)
            raise
        if self._unfinished is not None:
            self._unfinished.forget(key)
        return etag

    def _send_parts(self, sending: _Sending) -> list[PutPart]:
        running: list[Future[PutPart]] = []
        try:
            for number, start in sending.body.parts():
                running.append(self.pool.submit(self._send_part, sending, number, start))
            return [future.result() for future in running]
        except BaseException:
            for future in running:
                future.cancel()
            raise

    def _room(self, count: int) -> bytearray:
        """This thread's own buffer. A new buffer for each part would cost more page faults than reading costs time."""
        room: bytearray | None = getattr(self._rooms, "room", None)
        if room is None or len(room) != count:
            room = self._rooms.room = bytearray(count)
        return room

    def _send_part(self, sending: _Sending, number: int, start: int) -> PutPart:
        """A part that S3 has is read all the same: a file can change and keep its size and time."""
        room = self._room(sending.body.part_size)
        content = sending.body.read_into(room, start)
        checksum = crc32_base64(content)
        stored = sending.stored.get(number)
        if stored is not None and (stored.bytes, stored.checksum) == (len(content), checksum):
            self._meter.add(spared=len(content))
            return PutPart(number, stored.etag, checksum)
        self._throttle.take(len(content))
        body = room if len(content) == len(room) else content
        part = self._bucket.put_part(sending.key, sending.upload_id, number, body, checksum)
        self._meter.add(sent=len(content))
        return part
