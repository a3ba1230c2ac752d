"""Archived objects of the fake: which reads S3 refuses, and what a restore changes.

Rules: Amazon S3 user guide, "Working with archived objects" and "Restoring an archived object"; S3 API reference,
GetObject, HeadObject and RestoreObject.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from tests.fakes.errors import aws_error
from tests.fakes.s3_bucket import Restore, StoredVersion

ARCHIVES: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
TIERS: Final = frozenset({"Standard", "Bulk", "Expedited"})
NOT_READABLE: Final = "The operation is not valid for the object's storage class"


def is_archived(stored: StoredVersion, now: datetime) -> bool:
    """Whether S3 refuses to read the object: a restored copy can be read until it expires."""
    if stored.storage_class == "INTELLIGENT_TIERING":
        return bool(stored.archive_tier)
    return stored.storage_class in ARCHIVES and not has_copy(stored, now)


def has_copy(stored: StoredVersion, now: datetime) -> bool:
    return stored.restore is not None and stored.restore.expires is not None and stored.restore.expires > now


def check_readable(stored: StoredVersion, now: datetime, operation: str) -> None:
    """Raises ClientError with InvalidObjectState if the object is archived."""
    if is_archived(stored, now):
        raise aws_error("InvalidObjectState", 403, operation, NOT_READABLE)


def headers(stored: StoredVersion, now: datetime) -> dict[str, Any]:
    """The fields of a HEAD. S3 names no class for STANDARD."""
    fields: dict[str, Any] = {}
    if stored.storage_class != "STANDARD":
        fields["StorageClass"] = stored.storage_class
    if stored.archive_tier:
        fields["ArchiveStatus"] = stored.archive_tier
    if stored.restore is not None and stored.restore.expires is None:
        fields["Restore"] = 'ongoing-request="true"'
    elif stored.restore is not None and has_copy(stored, now) and stored.restore.expires is not None:
        expiry = format_datetime(stored.restore.expires, usegmt=True)
        fields["Restore"] = f'ongoing-request="false", expiry-date="{expiry}"'
    return fields


def listed(stored: StoredVersion, now: datetime, attributes: Any) -> dict[str, Any]:
    """The fields of a line of a listing. The state of a restore is listed only if the request asks for it."""
    fields: dict[str, Any] = {"StorageClass": stored.storage_class}
    if "RestoreStatus" in attributes and stored.restore is not None and stored.restore.expires is None:
        fields["RestoreStatus"] = {"IsRestoreInProgress": True}
    elif "RestoreStatus" in attributes and stored.restore is not None and has_copy(stored, now):
        fields["RestoreStatus"] = {"IsRestoreInProgress": False, "RestoreExpiryDate": stored.restore.expires}
    return fields


def begin(stored: StoredVersion, request: Mapping[str, Any], now: datetime) -> int:
    """Begin a restore; returns the status: 202 if it begins, 200 if there is a copy, which then lives longer."""
    tier = request.get("GlacierJobParameters", {}).get("Tier", "Standard")
    tiered = stored.storage_class == "INTELLIGENT_TIERING"
    if (
        tier not in TIERS
        or tiered == ("Days" in request)
        or (stored.storage_class == "DEEP_ARCHIVE" and tier == "Expedited")
    ):
        raise aws_error("MalformedXML", 400, "RestoreObject")
    if stored.storage_class not in ARCHIVES and not stored.archive_tier:
        raise aws_error("InvalidObjectState", 403, "RestoreObject", "Restore is not allowed for this storage class")
    if stored.restore is not None and stored.restore.expires is None:
        raise aws_error("RestoreAlreadyInProgress", 409, "RestoreObject")
    days = int(request.get("Days", 0))
    if has_copy(stored, now):
        stored.restore = Restore(days, now + timedelta(days=days))
        return 200
    stored.restore = Restore(days)
    return 202


def finish(stored: StoredVersion, now: datetime) -> None:
    """End a restore: there is a copy from now on, or the object has left its archive tier."""
    assert stored.restore is not None
    if stored.archive_tier:
        stored.archive_tier, stored.restore = "", None
        return
    stored.restore.expires = now + timedelta(days=stored.restore.days)
