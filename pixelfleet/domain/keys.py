"""S3 keys: which owner and batch a key belongs to, which image it is, and the key that an uploaded file gets."""

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from typing import Final

from pixelfleet.errors import SetupError

DEFAULT_OWNER: Final = "default"
MAX_KEY_BYTES: Final = 1024
_OWNED_KEY = re.compile(
    r"uploads/(?P<owner>[A-Za-z0-9][\w.@+=-]{0,63})/(?P<batch>[A-Za-z0-9][\w.@+=-]{0,127})/(?P<path>.+)",
    re.ASCII | re.DOTALL,
)
_DIGEST: Final = 16
#: S3 user guide, "General purpose bucket naming rules".
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Place:
    """The parts of a key: owner, batch (or None) and the path within the batch."""

    owner: str
    batch: str | None
    path: str


def is_bucket_name(text: str) -> bool:
    return _BUCKET.fullmatch(text) is not None


def image_id(bucket: str, key: str) -> str:
    """32 characters of base32 over SHA-256(bucket NUL key): all events of one key have one record."""
    digest = hashlib.sha256(f"{bucket}\0{key}".encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest[:20]).decode().lower()


def place_of(key: str) -> Place:
    """Read owner and batch from `uploads/<owner>/<batch>/<path>`; any other key is the default owner's."""
    match = _OWNED_KEY.fullmatch(key)
    if match is None:
        return Place(DEFAULT_OWNER, None, key)
    return Place(match["owner"], match["batch"], match["path"])


def check_owner(owner: str) -> None:
    """
    Raises:
        SetupError: nobody can be called so: the worker would not read the name back from a key.
    """
    if place_of(f"uploads/{owner}/any/x").owner != owner:
        raise SetupError(
            f"no owner can be called {owner!r}: an owner's name has letters, digits and . _ @ + = - after a letter or "
            "digit, at most 64 characters"
        )


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


def check_place(owner: str, batch: str | None) -> None:
    """
    Raises:
        SetupError: the owner, or the batch if there is one, cannot be called so.
    """
    check_owner(owner)
    if batch is not None:
        batch_prefix(owner, batch)


def as_key(relative: str) -> str:
    """A relative path as part of a key: bytes that are no UTF-8, which S3 does not take, become %XX."""
    return re.sub(r"[\udc80-\udcff]", lambda match: f"%{ord(match[0]) - 0xDC00:02X}", relative)


def short_key(prefix: str, relative: str) -> str:
    """A key that S3 takes for a path of any length: one that is too long ends in a digest of the whole."""
    return shortened(prefix + as_key(relative), MAX_KEY_BYTES, os.fsencode(relative))


def shortened(text: str, most: int, whole: bytes) -> str:
    """A text of at most so many bytes of UTF-8: one that is too long is cut, and ends in a digest of `whole`."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    digest = hashlib.sha256(whole).hexdigest()[:_DIGEST]
    return f"{encoded[: most - len(digest) - 1].decode(errors='ignore')}~{digest}"
