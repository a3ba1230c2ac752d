"""Checksums that S3 holds against what arrives, and keeps.

A file in one piece goes with its SHA-256: S3 then knows the digest that the manifest is verified by. Parts go with
CRC-32, for a quarter of the CPU time: a digest of digests of parts is none that anybody could compare
(docs/decisions/upload-engine.md).
"""

import base64
import hashlib
import zlib
from dataclasses import dataclass
from typing import Final, Protocol

Buffer = bytes | memoryview

#: What a signature says of a body that it does not cover (S3 API reference, "Signature calculations").
UNSIGNED: Final = "UNSIGNED-PAYLOAD"


class Checksum(Protocol):
    """The header that S3 checks, and what the signature says of the body: its SHA-256 in hex, or UNSIGNED."""

    @property
    def header(self) -> tuple[str, str]: ...

    @property
    def payload(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Sha256:
    """One digest in the two spellings that S3 wants."""

    hex: str
    base64: str

    @classmethod
    def of(cls, body: Buffer) -> "Sha256":
        digest = hashlib.sha256(body)
        return cls(digest.hexdigest(), base64.b64encode(digest.digest()).decode())

    @property
    def header(self) -> tuple[str, str]:
        return "x-amz-checksum-sha256", self.base64

    @property
    def payload(self) -> str:
        return self.hex


@dataclass(frozen=True, slots=True)
class Crc32:
    """Of a part."""

    base64: str

    @classmethod
    def of(cls, body: Buffer) -> "Crc32":
        return cls(base64.b64encode(zlib.crc32(body).to_bytes(4)).decode())

    @classmethod
    def of_parts(cls, parts: list["Crc32"]) -> str:
        """As S3 tells that of a whole object: the CRC-32 of its parts' (S3 user guide, "Composite checksums")."""
        whole = cls.of(b"".join(base64.b64decode(part.base64) for part in parts))
        return f"{whole.base64}-{len(parts)}"

    @property
    def header(self) -> tuple[str, str]:
        return "x-amz-checksum-crc32", self.base64

    @property
    def payload(self) -> str:
        return UNSIGNED
