"""Tiles of duplicates: each with the difference from the image that it is compared with."""

from collections.abc import Iterable
from typing import Any, Final

from dashboard.results import thumb_of
from pixelfleet.operations.duplicates import Duplicate

#: Bits of the perceptual hash in which photographs that look the same may differ.
NEAR: Final = 4


def duplicate_cards(duplicates: Iterable[Duplicate], first: str = "") -> list[dict[str, Any]]:
    """`first` is the note of an image without a difference that comes first."""
    made = []
    for number, one in enumerate(duplicates):
        same = "" if number or not first else first
        note = f"{one.distance} of 64 bits differ" if one.distance else same
        made.append({"image": one.image, "thumb": thumb_of(one.image), "heading": None, "note": note})
    return made
