"""Uploads in parts. S3 keeps an upload until the upload is completed or aborted.

Rules: Amazon S3 user guide, "Uploading and copying objects using multipart upload" and "Amazon S3 multipart upload
limits". The ETag of the object is the MD5 of the parts' MD5s, with their number; its checksum is the CRC-32 of the
parts' CRC-32s. A second completion of one upload answers NoSuchUpload.
"""

import base64
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.errors import aws_error

#: Bytes of every part but the last.
LEAST_PART: Final = 5 << 20


@dataclass(slots=True)
class UploadInParts:
    bucket: str
    key: str
    options: Mapping[str, Any]
    parts: dict[int, bytes] = field(default_factory=dict)


class UploadsInParts:
    """The uploads of one account that are neither completed nor aborted. `least_part` is in bytes."""

    def __init__(self, least_part: int = LEAST_PART) -> None:
        self.least_part = least_part
        self._uploads: dict[str, UploadInParts] = {}
        self._begun = 0

    def begin(self, bucket: str, key: str, options: Mapping[str, Any]) -> str:
        self._begun += 1
        upload_id = f"upload{self._begun}"
        self._uploads[upload_id] = UploadInParts(bucket, key, options)
        return upload_id

    def upload(self, operation: str, key: str, upload_id: str) -> UploadInParts:
        """Raises ClientError: NoSuchUpload."""
        upload = self._uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise aws_error("NoSuchUpload", 404, operation)
        return upload

    def put_part(self, upload: UploadInParts, number: int, body: bytes, checksum: str) -> dict[str, Any]:
        """Raises ClientError: BadDigest."""
        if checksum != crc32(body):
            raise aws_error("BadDigest", 400, "UploadPart")
        upload.parts[number] = body
        return {"ETag": f'"{md5(body).hex()}"', "ChecksumCRC32": checksum}

    def listed(self, upload: UploadInParts) -> list[dict[str, Any]]:
        return [
            {"PartNumber": number, "Size": len(body), "ETag": f'"{md5(body).hex()}"', "ChecksumCRC32": crc32(body)}
            for number, body in sorted(upload.parts.items())
        ]

    def joined(self, upload: UploadInParts, named: Sequence[Mapping[str, Any]]) -> tuple[bytes, str, str]:
        """The object's bytes, ETag and checksum.

        Raises:
            ClientError: InvalidPartOrder, InvalidPart, EntityTooSmall.
        """
        numbers = [part["PartNumber"] for part in named]
        if numbers != sorted(set(numbers)):
            raise aws_error("InvalidPartOrder", 400, "CompleteMultipartUpload")
        if any(
            number not in upload.parts or part["ETag"].strip('"') != md5(upload.parts[number]).hex()
            for number, part in zip(numbers, named, strict=True)
        ):
            raise aws_error("InvalidPart", 400, "CompleteMultipartUpload")
        parts = [upload.parts[number] for number in numbers]
        if any(len(part) < self.least_part for part in parts[:-1]):
            raise aws_error("EntityTooSmall", 400, "CompleteMultipartUpload")
        etag = md5(b"".join(map(md5, parts))).hex()
        digests = b"".join(zlib.crc32(part).to_bytes(4) for part in parts)
        return b"".join(parts), f"{etag}-{len(parts)}", f"{crc32(digests)}-{len(parts)}"

    def forget(self, upload_id: str) -> None:
        del self._uploads[upload_id]

    def abort_all(self) -> None:
        """Abort all uploads, like the lifecycle rule AbortIncompleteMultipartUpload aborts old uploads."""
        self._uploads.clear()


def md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()
