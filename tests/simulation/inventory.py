"""An S3 Inventory report of the uploads bucket as it is now: a manifest and one gzipped CSV file.

Form: Amazon S3 user guide, "Locating your inventory list". A report of all versions names what is current in IsLatest.
"""

import csv
import gzip
import json
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus

from tests.simulation.cloud import Cloud

MANIFEST: Final = "manifest.json"
_DATA: Final = "data.csv.gz"
_COLUMNS: Final = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate", "ETag")


def take_inventory(cloud: Cloud, folder: Path) -> None:
    """Write the report into a folder."""
    bucket = cloud.s3.bucket(cloud.settings.uploads_bucket)
    with gzip.open(folder / _DATA, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for key in sorted(bucket.keys):
            for stored in bucket.versions(key):
                latest, marker = stored is bucket.versions(key)[-1], stored.is_marker
                words = [str(flag).lower() for flag in (latest, marker)]
                place = [bucket.name, quote_plus(key, safe="/"), stored.version_id]
                writer.writerow([*place, *words, len(stored.body), stored.modified.isoformat(), stored.etag])
    manifest = {
        "sourceBucket": bucket.name,
        "destinationBucket": f"arn:aws:s3:::{bucket.name}",
        "fileFormat": "CSV",
        "fileSchema": ", ".join(_COLUMNS),
        "files": [{"key": _DATA}],
    }
    (folder / MANIFEST).write_text(json.dumps(manifest))
