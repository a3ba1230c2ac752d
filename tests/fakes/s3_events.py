"""The event record that S3 sends for one change (Amazon S3 user guide, "Event message structure")."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from tests.fakes.s3_bucket import FakeBucket, StoredVersion

#: Called with the bucket's name and one event record.
EventSink = Callable[[str, dict[str, Any]], None]


def event_record(bucket: FakeBucket, name: str, stored: StoredVersion, now: datetime) -> dict[str, Any]:
    """`name` is the event's name without `s3:`. A delete has no size and no ETag; its versionId is the marker's."""
    details: dict[str, Any] = {"key": quote_plus(stored.key, safe="/"), "sequencer": stored.sequencer}
    if bucket.versioning:
        details["versionId"] = stored.version_id
    if name.startswith("ObjectRestore"):
        # A restore changes no version: only puts and deletes have a sequencer.
        del details["sequencer"]
    if name.startswith(("ObjectCreated", "ObjectRestore")):
        details |= {"size": len(stored.body), "eTag": stored.etag}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventName": name,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket.name}, "object": details},
    }
