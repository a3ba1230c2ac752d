"""A large file in parts, several at a time, each checked by S3 as it arrives and all together at the end.

What a run that was killed has sent of a file, the next one does not send again.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.signed.s3 import Crc32
from pixelfleet.uploads.body import Body, ChangedError
from pixelfleet.uploads.meter import Meter
from pixelfleet.uploads.sender import Sender
from pixelfleet.uploads.throttle import Throttle
from pixelfleet.uploads.unfinished import Begun, Unfinished

#: The upload is gone, or we may not ask for its parts: either way the file is begun anew.
_UNKNOWN: Final = frozenset({"NoSuchUpload", "AccessDenied"})


@dataclass(frozen=True, slots=True)
class Arrived:
    """A part that S3 has; `checksum` is its CRC-32, empty where S3 has none."""

    bytes: int
    checksum: str
    etag: str


@dataclass(frozen=True, slots=True)
class _Sending:
    """One file on its way: its upload, and the parts that an earlier run has sent, by number."""

    body: Body
    key: str
    upload_id: str
    there: dict[int, Arrived]


class Parts:
    """Sends files in parts from `pool`, whose threads hold one part each.

    With `unfinished`, what a failure or a kill leaves in the bucket is kept for the next run; without, what a failure
    leaves is taken back.
    """

    def __init__(
        self,
        sender: Sender,
        pool: ThreadPoolExecutor,
        throttle: Throttle,
        meter: Meter,
        unfinished: Unfinished | None = None,
    ) -> None:
        self.pool = pool
        self._meter = meter
        self._sender = sender
        self._throttle = throttle
        self._unfinished = unfinished
        self._rooms = threading.local()

    def send(self, body: Body, key: str, content_type: str | None) -> None:
        """Put a file, or the parts of it that are missing.

        Raises:
            ChangedError: it was written to meanwhile.
            TransientError: S3 did not take a part, or refused the whole.
        """
        with translated(f"put {key!r}"):
            taken_up = self._taken_up(body, key)
            if taken_up is None or not self._goes_on(taken_up):
                self._finish(self._begin(body, key, content_type))

    def give_up(self, key: str, upload_id: str) -> None:
        """Take back what was sent. What cannot be taken back now, the bucket's lifecycle rule does within days."""
        with suppress(ClientError, BotoCoreError):
            self._sender.client.abort_multipart_upload(Bucket=self._sender.bucket, Key=key, UploadId=upload_id)
        if self._unfinished is not None:
            self._unfinished.forget(key)

    def _taken_up(self, body: Body, key: str) -> _Sending | None:
        begun = self._unfinished.take(key) if self._unfinished is not None else None
        if begun is None:
            return None
        there = self._arrived(key, begun.upload_id) if begun.is_of(body) else None
        if there is None:
            self.give_up(key, begun.upload_id)
            return None
        return _Sending(body, key, begun.upload_id, there)

    def _goes_on(self, taken_up: _Sending) -> bool:
        """Finish what was begun; False if the bucket's lifecycle rule, or somebody, has taken it back by now."""
        try:
            self._finish(taken_up)
        except ClientError as error:
            if error_code(error) == "NoSuchUpload":
                return False
            raise
        return True

    def _arrived(self, key: str, upload_id: str) -> dict[int, Arrived] | None:
        place: Any = {"Bucket": self._sender.bucket, "Key": key, "UploadId": upload_id}
        try:
            pages = self._sender.client.get_paginator("list_parts").paginate(**place)
            return {
                part["PartNumber"]: Arrived(part["Size"], part.get("ChecksumCRC32", ""), part["ETag"])
                for page in pages
                for part in page.get("Parts", [])
            }
        except ClientError as error:
            if error_code(error) in _UNKNOWN:
                return None
            raise

    def _begin(self, body: Body, key: str, content_type: str | None) -> _Sending:
        kind: Any = {"ContentType": content_type} if content_type else {}
        upload_id = self._sender.client.create_multipart_upload(
            Bucket=self._sender.bucket, Key=key, ChecksumAlgorithm="CRC32", ChecksumType="COMPOSITE", **kind
        )["UploadId"]
        if self._unfinished is not None:
            self._unfinished.begin(Begun(key, body.path, upload_id, body.size, body.mtime_ns, body.part_size))
        return _Sending(body, key, upload_id, {})

    def _finish(self, sending: _Sending) -> None:
        key, upload_id = sending.key, sending.upload_id
        try:
            sent = self._send_parts(sending)
            sending.body.check_unchanged()
            self._sender.client.complete_multipart_upload(
                Bucket=self._sender.bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": sent}
            )
        except BaseException as error:
            if self._unfinished is None or isinstance(error, ChangedError):
                self.give_up(key, upload_id)
            raise
        if self._unfinished is not None:
            self._unfinished.forget(key)

    def _send_parts(self, sending: _Sending) -> list[Any]:
        running: list[Future[Any]] = []
        try:
            for number, start in sending.body.parts():
                running.append(self.pool.submit(self._send_part, sending, number, start))
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

    def _send_part(self, sending: _Sending, number: int, start: int) -> dict[str, Any]:
        """A part that S3 has is read all the same: a file can change and keep its size and time."""
        content = sending.body.read_into(self._room(sending.body.part_size), start)
        checksum = Crc32.of(content)
        there = sending.there.get(number)
        if there is not None and (there.bytes, there.checksum) == (len(content), checksum.base64):
            etag = there.etag
            self._meter.add(spared=len(content))
        else:
            self._throttle.take(len(content))
            which = {"partNumber": str(number), "uploadId": sending.upload_id}
            etag = self._sender.put_part(sending.key, content, checksum, which)
            self._meter.add(sent=len(content))
        return {"PartNumber": number, "ETag": etag, "ChecksumCRC32": checksum.base64}
