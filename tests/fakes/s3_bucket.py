"""One S3 bucket: the versions of each key, by the rules of the bucket's versioning state."""

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

#: The version id of an object that was written while versioning was off or suspended.
NULL: Final = "null"
DEFAULT_TYPE: Final = "binary/octet-stream"


@dataclass(slots=True)
class Restore:
    """A restore of an archived object: asked for `days`; `expires` is None while the restore is under way."""

    days: int
    expires: datetime | None = None


@dataclass(slots=True, eq=False)
class StoredVersion:
    """One version of a key, or a delete marker. `sequencer` orders the events of one key.

    `crc32` is the checksum of an object from an upload in parts, and empty for other objects.
    """

    key: str
    version_id: str
    modified: datetime
    sequencer: str
    body: bytes = b""
    etag: str = ""
    crc32: str = ""
    content_type: str = DEFAULT_TYPE
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    is_marker: bool = False
    storage_class: str = "STANDARD"
    #: The archive tier of an object of INTELLIGENT_TIERING, empty if the object can be read.
    archive_tier: str = ""
    restore: Restore | None = None


class FakeBucket:
    """`versioning` is empty (never enabled), `Enabled` or `Suspended`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.versioning = ""
        self._keys: dict[str, list[StoredVersion]] = {}
        self._order = itertools.count(1)

    @property
    def keys(self) -> Iterable[str]:
        """Every key that has a version or a delete marker."""
        return self._keys

    def versions(self, key: str) -> list[StoredVersion]:
        """All versions, oldest first."""
        return self._keys.get(key, [])

    def current(self, key: str) -> StoredVersion | None:
        """The object of a read without a version id. None if the newest version is a delete marker."""
        versions = self._keys.get(key)
        return versions[-1] if versions and not versions[-1].is_marker else None

    def version(self, key: str, version_id: str) -> StoredVersion | None:
        return next((stored for stored in self.versions(key) if stored.version_id == version_id), None)

    def put(self, key: str, body: bytes, now: datetime, options: Mapping[str, Any]) -> StoredVersion:
        """Store a new version. Without versioning, the new version replaces the version `null`."""
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        content_type = options.get("ContentType", DEFAULT_TYPE)
        metadata = dict(options.get("Metadata", {}))
        tags = dict(parse_qsl(options.get("Tagging", "")))
        version_id, sequencer = self._next()
        stored = StoredVersion(key, version_id, now, sequencer, body, etag, "", content_type, metadata, tags)
        stored.storage_class = options.get("StorageClass", "STANDARD")
        self._add(stored)
        return stored

    def delete(self, key: str, now: datetime) -> tuple[StoredVersion | None, StoredVersion | None]:
        """Delete without a version id. Returns the new delete marker and the removed object.

        An unversioned bucket makes no marker. A removed object has the sequencer of the delete.
        """
        version_id, sequencer = self._next()
        if self.versioning:
            marker = StoredVersion(key, version_id, now, sequencer, is_marker=True)
            self._add(marker)
            return marker, None
        removed = self.remove_version(key, NULL)
        if removed is not None:
            removed.sequencer = sequencer
        return None, removed

    def remove_version(self, key: str, version_id: str) -> StoredVersion | None:
        """Remove one version permanently. The returned version has the sequencer of the removal."""
        stored = self.version(key, version_id)
        if stored is None:
            return None
        self._keys[key].remove(stored)
        if not self._keys[key]:
            del self._keys[key]
        stored.sequencer = self._next()[1]
        return stored

    def _add(self, stored: StoredVersion) -> None:
        versions = self._keys.setdefault(stored.key, [])
        if stored.version_id == NULL:
            versions[:] = [known for known in versions if known.version_id != NULL]
        versions.append(stored)

    def _next(self) -> tuple[str, str]:
        """A version id and a sequencer. S3's sequencers grow and differ in length; shorter ones are right-padded."""
        number = next(self._order)
        version_id = f"v{number}" if self.versioning == "Enabled" else NULL
        return version_id, f"{number:012X}" + "8" * (number % 3)
