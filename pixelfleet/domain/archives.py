"""Archived objects of S3: the objects that cannot be read before a restore, and the hours of a restore. Pure.

Rules: Amazon S3 user guide, "Working with archived objects" and "Understanding archive retrieval options". Objects of
the class GLACIER_IR are not archived: S3 answers a GET at once.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Archive(StrEnum):
    """The place of an archived object: a storage class, or a tier of the class INTELLIGENT_TIERING."""

    GLACIER = "GLACIER"
    DEEP_ARCHIVE = "DEEP_ARCHIVE"
    ARCHIVE_ACCESS = "ARCHIVE_ACCESS"
    DEEP_ARCHIVE_ACCESS = "DEEP_ARCHIVE_ACCESS"

    @property
    def makes_copies(self) -> bool:
        """Whether a restore makes a copy that S3 deletes after some days; else it moves the object itself."""
        return self in (Archive.GLACIER, Archive.DEEP_ARCHIVE)


class RestoreTier(StrEnum):
    """The speed of a restore: `bulk` is cheaper, `standard` is quicker."""

    BULK = "bulk"
    STANDARD = "standard"


INTELLIGENT_TIERING: Final = "INTELLIGENT_TIERING"

#: Hours after which a restore has usually finished, at the latest.
RESTORE_HOURS: Final[Mapping[Archive, Mapping[RestoreTier, int]]] = {
    Archive.GLACIER: {RestoreTier.STANDARD: 5, RestoreTier.BULK: 12},
    Archive.ARCHIVE_ACCESS: {RestoreTier.STANDARD: 5, RestoreTier.BULK: 12},
    Archive.DEEP_ARCHIVE: {RestoreTier.STANDARD: 12, RestoreTier.BULK: 48},
    Archive.DEEP_ARCHIVE_ACCESS: {RestoreTier.STANDARD: 12, RestoreTier.BULK: 48},
}


def archive_of(storage_class: str | None, tier: str | None = None, *, restored: bool = False) -> Archive | None:
    """The archive of an object that cannot be read; None if it can be read.

    `storage_class` is None for STANDARD. `tier` is the archive tier of INTELLIGENT_TIERING, as HEAD's ArchiveStatus or
    an inventory has it. `restored`: there is a restored copy.
    """
    if restored:
        return None
    name = tier if storage_class == INTELLIGENT_TIERING else storage_class
    return next((archive for archive in Archive if archive.value == name), None)


def is_restored(restore: str | None) -> bool:
    """Whether HEAD's Restore header shows a restored copy."""
    return restore is not None and 'ongoing-request="false"' in restore


def is_being_restored(restore: str | None) -> bool:
    """Whether HEAD's Restore header shows a restore in progress."""
    return restore is not None and 'ongoing-request="true"' in restore
