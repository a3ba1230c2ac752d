"""Cursors: the place in a list at which the next page begins, as a text that callers send back."""

import base64
import binascii
from typing import Final

from pixelfleet.domain.records import Status
from pixelfleet.errors import SetupError

#: Bytes of a place: DynamoDB takes sort keys up to 1,024 bytes (DynamoDB developer guide, "Constraints"), and within a
#: batch a status and `#` come before the place.
LONGEST_PLACE: Final = 1_024 - len(f"{Status.PROCESSING}#")


def encode_cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str:
    """The place, empty for no cursor. Raises SetupError for a text that `encode_cursor` did not make."""
    if not cursor:
        return ""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        place = ""
    if not place or len(place.encode()) > LONGEST_PLACE:
        raise SetupError("this cursor is not a cursor of this list; leave it out to begin at the beginning")
    return place
