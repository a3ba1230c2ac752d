"""The manifest of selected images, written as it is read: a line of JSON for each image, or a row of CSV for a variant.

It has what the manifest of a batch has, and addresses: the image's page, and the stable address of each variant. No
address is signed, so a manifest may be kept and passed on.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final

from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.variant_files import address_of
from pixelfleet.operations.manifest import manifest_line


class ManifestFormat(StrEnum):
    """`ndjson`: a line of JSON for each image. `csv`: a row for each variant, or for an image without variants."""

    NDJSON = "ndjson"
    CSV = "csv"


COLUMNS: Final = (
    "owner", "batch", "path", "image_id", "status", "cause", "source", "source_bytes", "source_sha256", "variant",
    "format", "width", "height", "bytes", "sha256", "s3", "address", "page",
)  # fmt: skip
#: Spreadsheets take a cell that begins so for a formula, also in a quoted cell (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def manifest_of(
    images: Iterable[Image], results_bucket: str, url: str, written_as: ManifestFormat = ManifestFormat.NDJSON
) -> Iterator[str]:
    """The text of a manifest, an image at a time. `url` is the address of the dashboard, without a slash at the end."""
    if written_as is ManifestFormat.CSV:
        yield _csv(COLUMNS)
    for image in images:
        entry = _entry(image, results_bucket, url)
        if written_as is ManifestFormat.CSV:
            yield "".join(_csv(row) for row in _rows(entry))
        else:
            yield json.dumps(entry, separators=(",", ":")) + "\n"


def _entry(image: Image, results_bucket: str, url: str) -> dict[str, Any]:
    line = manifest_line(image, results_bucket)
    addressed = [
        {**variant, "address": _address(image, stored, url)}
        for variant, stored in zip(line["variants"], image.variants, strict=True)
    ]
    page = f"{url}/images/{image.image_id}"
    return {"owner": image.owner, "batch": image.batch, **line, "variants": addressed, "page": page}


def _address(image: Image, variant: StoredVariant, url: str) -> str | None:
    """Tiles have no stable address."""
    return url + address_of(image, variant) if variant.files == 1 else None


def _rows(entry: dict[str, Any]) -> Iterator[list[Any]]:
    first = [entry[name] for name in ("owner", "batch", "path", "image_id", "status", "cause")]
    first += [entry["source"][name] for name in ("s3", "bytes", "sha256")]
    names = ("name", "format", "width", "height", "bytes", "sha256", "s3", "address")
    for variant in entry["variants"] or [{}]:
        yield [*first, *(variant.get(name) for name in names), entry["page"]]


def _csv(cells: Iterable[Any]) -> str:
    """One row by RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    row = io.StringIO()
    safe = (f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells)
    csv.writer(row, lineterminator="\r\n").writerow(["" if cell is None else cell for cell in safe])
    return row.getvalue()
