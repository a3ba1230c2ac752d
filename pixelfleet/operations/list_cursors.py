"""Cursors: the place in a list at which the next page begins, as a text that callers send back."""

import base64
import binascii
from typing import Final

from pixelfleet.catalog.items import LONGEST_PATH
from pixelfleet.errors import SetupError

#: Bytes of a part of a place. Within a batch, a place is one part: a path of the index by_batch.
LONGEST_PLACE: Final = LONGEST_PATH
#: Between the parts of a place: at most three. Only the last part may have the character.
SEPARATOR: Final = "\x1f"


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
    if not place or any(len(part.encode()) > LONGEST_PLACE for part in place.split(SEPARATOR, 2)):
        raise SetupError("this cursor is not a cursor of this list; leave it out to begin at the beginning")
    return place
