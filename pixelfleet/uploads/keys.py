"""The keys that files are put under."""

import hashlib
import os
import re
from typing import Final

from pixelfleet.errors import SetupError
from pixelfleet.jobs import MAX_KEY_BYTES, place_of

_DIGEST: Final = 16


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
