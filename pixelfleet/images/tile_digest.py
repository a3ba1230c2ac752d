"""One digest over a set of tiles. The engine records the digest, and any copy can be checked against the digest."""

import hashlib
from collections.abc import Iterable


def tiles_digest(entry: bytes, tiles: Iterable[tuple[str, int, bytes]]) -> str:
    """SHA-256 in hex over the entry file and, in the order of `in_order`, each tile's name, size and own SHA-256.

    Names are relative to the folder of tiles, with `/` between their parts; sizes are in bytes.
    """
    digest = hashlib.sha256(entry)
    for name, size, sha256 in tiles:
        digest.update(f"{name} {size} ".encode())
        digest.update(sha256)
    return digest.hexdigest()


def in_order(name: str) -> tuple[str, ...]:
    """The sorting key of a tile's name: folder by folder, although some characters sort before a slash."""
    return tuple(name.split("/"))
