"""The page of one image: tiles as a ZIP, duplicates, what can be compared, what it cost."""

import io
import re
import zipfile

from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.domain.records import Image, StoredVariant
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard


def tiled(dashboard: Dashboard, name: str) -> Image:
    """An image with an entry file and three tiles."""
    deployment = dashboard.deployment
    image = record(deployment, "ana", "tiled", f"{name}.tif")
    folder = image.variants[0].key.rpartition("/")[0]
    for file in ("tiles.dzi", "tiles_files/0/0_0.jpg", "tiles_files/1/0_0.jpg", "tiles_files/1/1_0.jpg"):
        body = file.encode()
        deployment.s3.put_object(Bucket=deployment.settings.results_bucket, Key=f"{folder}/{file}", Body=body)
    entry = {"name": "tiles", "key": f"{folder}/tiles.dzi", "format": "jpeg", "content_type": "application/xml"}
    tiles = StoredVariant.model_validate(entry | {"width": 400, "height": 300, "bytes": 60, "files": 4})
    image = image.model_copy(update={"variants": (*image.variants, tiles)})
    item = to_attributes(image_item(image))
    deployment.dynamodb.put_item(TableName=deployment.settings.images_table, Item=item)
    return image


def test_tiles_are_downloaded_as_a_zip_that_a_viewer_can_open(dashboard: Dashboard) -> None:
    image = tiled(dashboard, "big scan")
    ana = dashboard.browser("ana")
    assert (
        f'href="/images/{image.image_id}/tiles.zip" download="big scan-tiles.zip"'
        in ana.get(f"/images/{image.image_id}").text
    )
    with zipfile.ZipFile(io.BytesIO(ana.get(f"/images/{image.image_id}/tiles.zip").content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "big scan-tiles.dzi",
            "big scan-tiles_files/0/0_0.jpg",
            "big scan-tiles_files/1/0_0.jpg",
            "big scan-tiles_files/1/1_0.jpg",
        ]
        assert archive.read("big scan-tiles_files/1/1_0.jpg") == b"tiles_files/1/1_0.jpg"
    by_program = dashboard.program("ana").get(f"/api/v1/images/{image.image_id}/tiles.zip")
    assert "big%20scan-tiles.zip" in by_program.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(by_program.content)) as archive:
        assert len(archive.namelist()) == 4


def test_images_with_the_same_bytes_are_shown_on_request(dashboard: Dashboard) -> None:
    one, other = (record(dashboard.deployment, "ana", "same", f"{name}.jpg", sha256="c0" * 32) for name in "ab")
    alone = record(dashboard.deployment, "ana", "same", "alone.jpg", sha256="a1" * 32)
    ana = dashboard.browser("ana")
    part = ana.get(f"/images/{one.image_id}/duplicates").text
    assert re.findall(r'href="/images/(\w+)"', part) == [other.image_id]
    assert "among the 1,000 images" in part
    assert "No other image" in ana.get(f"/images/{alone.image_id}/duplicates").text
    listed = dashboard.program("ana").get(f"/api/v1/images/{one.image_id}/duplicates").json()["images"]
    assert [image["image_id"] for image in listed] == [other.image_id]


def test_every_picture_can_be_compared_with_every_other(dashboard: Dashboard) -> None:
    image = tiled(dashboard, "compared")
    page = dashboard.browser("ana").get(f"/images/{image.image_id}").text
    for side in ("left", "right"):
        [choice] = re.findall(rf'<select name="{side}">(.*?)</select>', page)
        # The original is a JPEG by its record; tiles are no picture.
        assert re.findall(r'data-name="(\w+)"', choice) == ["original", "thumb", "optimized", "enhanced"]
    assert re.findall(r'data-name="(\w+)"[^>]* selected', page) == ["original", "enhanced"]


def test_the_cost_is_shown_for_a_million_like_it(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "cost", "a.jpg")
    page = dashboard.browser("ana").get(f"/images/{image.image_id}").text
    assert re.search(r"about \$\d+\.\d\d for a million like it", page)
