"""Which names of files can be uploaded from a browser or by the API."""

from pathlib import PurePosixPath
from typing import Final

from pixelfleet.domain.keys import MAX_KEY_BYTES

#: The batch names that `pixelfleet.domain.keys` accepts, as a pattern for browsers.
BATCH_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_.@+=\-]*"


def bad_name(key: str, name: str) -> str | None:
    """Why a file of this name, with this key, cannot be taken, in words for the person who chose it."""
    parts = PurePosixPath(name).parts
    if name != "/".join(parts) or not parts or {".", ".."} & set(parts) or name.startswith("/"):
        return "its name is no plain relative path"
    # S3 would put the name that the browser sends in the place of ${filename}.
    if any(not character.isprintable() for character in name) or "${" in name:
        return "its name holds characters that cannot be uploaded; rename it"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"its name is longer than S3 takes ({MAX_KEY_BYTES:,} bytes with owner and batch)"
    return None
