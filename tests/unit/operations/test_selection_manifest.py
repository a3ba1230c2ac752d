"""The manifest of selected images, as lines of JSON and as CSV."""

import csv
import io
import json

from pixelfleet.operations.selection_manifest import COLUMNS, ManifestFormat, manifest_of
from tests.fakes.records import image_of

URL = "https://fleet.example"


def test_a_line_has_the_bytes_digests_and_addresses_of_an_image() -> None:
    [line] = manifest_of([image_of("ana", "b1", 1)], "results", URL)
    entry = json.loads(line)
    assert (entry["owner"], entry["batch"], entry["path"]) == ("ana", "b1", "1/IMG_000001.jpg")
    assert entry["page"] == f"{URL}/images/{entry['image_id']}"
    [thumb] = [variant for variant in entry["variants"] if variant["name"] == "thumb"]
    assert (thumb["bytes"], thumb["sha256"]) == (500, "a" * 64)
    assert thumb["s3"].startswith("s3://results/ana/")
    assert thumb["address"] == f"{URL}/v/ana/b1/1/IMG_000001.jpg/thumb"


def test_a_row_of_csv_is_one_variant_and_an_image_without_variants_has_a_row() -> None:
    images = [image_of("ana", "b1", number) for number in (1, 20)]
    text = "".join(manifest_of(images, "results", URL, ManifestFormat.CSV))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["variant"] for row in rows] == ["thumb", "optimized", "enhanced", ""]
    assert (rows[3]["status"], rows[3]["cause"], rows[3]["bytes"]) == ("failed", "truncated", "")
    assert (rows[0]["source_bytes"], rows[0]["width"]) == ("3000000", "320")


def test_a_name_that_a_spreadsheet_takes_for_a_formula_is_text() -> None:
    image = image_of("ana", "b1", 1).model_copy(update={"key": 'uploads/ana/b1/=HYPERLINK("http://x","y").jpg'})
    text = "".join(manifest_of([image], "results", URL, ManifestFormat.CSV))
    assert all(row["path"].startswith("'=") for row in csv.DictReader(io.StringIO(text)))
