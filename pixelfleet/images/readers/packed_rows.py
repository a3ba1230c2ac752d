"""The rows of a decoder's buffer, without the padding that some decoders leave between rows."""

from typing import Any


def packed(buffer: Any, stride: int, row_bytes: int, rows: int) -> bytes:
    """`rows` rows of `row_bytes` bytes each. `buffer` has the buffer protocol; its rows begin every `stride` bytes."""
    whole = memoryview(buffer).cast("B")
    if stride == row_bytes:
        return bytes(whole)
    return b"".join(whole[at : at + row_bytes] for at in range(0, stride * rows, stride))
