"""The files of a variant: one, or one for each of its formats. A record lists each file, under the variant's name."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from pixelfleet.domain.accepted_formats import chosen_format
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.stable_addresses import stable_address

Stored = Sequence[StoredVariant]
#: Formats of originals whose frames are moments and not pages.
_ANIMATED: Final = frozenset({"gif", "webp", "png"})


def extension_of(one: StoredVariant) -> str:
    """The extension of a file, without a dot."""
    return PurePosixPath(one.key).suffix.removeprefix(".")


def files_of(variants: Stored, name: str) -> list[StoredVariant]:
    """The files of the variant of this name, in the order of the recipe's formats."""
    return [one for one in variants if one.name == name]


def file_named(variants: Stored, name: str, accept: str = "", *, moves: bool = False) -> StoredVariant | None:
    """The file that a text names: a variant, or one file of it by its extension (`card`, `card.avif`).

    Of several formats, the format for a client that sends this `Accept`: see `chosen_format`. Names of variants have no
    dot.
    """
    stem, _, extension = name.partition(".")
    files = files_of(variants, stem)
    if extension or not files:
        return next((one for one in files if extension_of(one) == extension), None)
    chosen = chosen_format([one.format for one in files], accept, moves=moves)
    return next(one for one in files if one.format == chosen)


def moves(image: Image) -> bool:
    """Whether an image is an animation, of whose variants the WebP files alone move."""
    return (image.frames or 1) > 1 and image.format in _ANIMATED


def address_of(image: Image, one: StoredVariant) -> str:
    """The stable address of a file, which is no set of tiles."""
    several = len(files_of(image.variants, one.name)) > 1
    return stable_address(image, one.name, extension_of(one) if several else None)


def label_of(variants: Stored, one: StoredVariant) -> str:
    """The shortest text that names a file: the variant, with the extension if the variant has several formats."""
    return one.name if len(files_of(variants, one.name)) == 1 else f"{one.name}.{extension_of(one)}"
