"""Checksums as S3 spells them (S3 user guide, "Checking object integrity")."""

import base64
import hashlib
import zlib
from collections.abc import Iterable

Buffer = bytes | bytearray | memoryview


def sha256_base64(body: Buffer) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def crc32_base64(body: Buffer) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()


def crc32_of_parts(parts: Iterable[str]) -> str:
    """What S3 keeps of an object that came in parts: the CRC-32 of the parts' CRC-32s, and how many there are."""
    digests = [base64.b64decode(part) for part in parts]
    return f"{crc32_base64(b''.join(digests))}-{len(digests)}"
