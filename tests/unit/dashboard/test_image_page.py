"""The page of one image: tiles as a ZIP, duplicates, pictures to compare, the cost."""

import io
import re
import zipfile

import pytest

from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Alias, AliasState, Image, RecipeRef, StoredVariant, timestamp
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.errors import Cause
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


def test_a_set_of_tiles_has_no_stable_link(dashboard: Dashboard) -> None:
    links = f"/api/v1/images/{tiled(dashboard, 'linked scan').image_id}/links"
    ana = dashboard.program("ana")
    answer = ana.post(links, json={"variant": "tiles", "seconds": 60, "stable": True})
    assert (answer.status_code, 'leave out `"stable": true`' in answer.json()["detail"]) == (422, True), answer.text
    assert ana.post(links, json={"variant": "tiles", "seconds": 60}).status_code == 201


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


def test_processing_again_by_another_recipe_says_what_is_deleted_or_how_long_it_is_kept(dashboard: Dashboard) -> None:
    ref = RecipeRef(name="web", digest="d" * 64)
    image = record(dashboard.deployment, "ana", "superseded", "a.jpg", recipe=ref)
    ana = dashboard.browser("ana")
    page = " ".join(ana.get(f"/images/{image.image_id}").text.split())
    assert 'data-present="web"' in page
    assert "3 variants by web will be deleted when the new ones are ready: thumb, optimized, enhanced" in page
    assert "If another recipe makes the new ones, the present ones are then deleted" in page
    site = ana.app.state.site  # type: ignore[attr-defined]
    keeping = site.settings.model_copy(update={"keep_revisions": 7})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "settings", keeping)
        page = ana.get(f"/images/{image.image_id}").text
    assert "kept for 7 days, and the image&#39;s page can make them current again" in page
    # What can be undone needs no question.
    assert "data-present" not in page


def test_every_picture_can_be_compared_with_every_other(dashboard: Dashboard) -> None:
    image = tiled(dashboard, "compared")
    page = dashboard.browser("ana").get(f"/images/{image.image_id}").text
    for side in ("left", "right"):
        [choice] = re.findall(rf'<select name="{side}">(.*?)</select>', page)
        # The original is a JPEG by its record; tiles are not a picture.
        assert re.findall(r'data-name="(\w+)"', choice) == ["original", "thumb", "optimized", "enhanced"]
    assert re.findall(r'data-name="(\w+)"[^>]* selected', page) == ["original", "enhanced"]


def test_the_page_shows_the_cost_of_a_million_such_images(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "cost", "a.jpg")
    page = dashboard.browser("ana").get(f"/images/{image.image_id}").text
    assert re.search(r"about \$\d+\.\d\d for a million like it", page)


def kept(dashboard: Dashboard, name: str) -> Image:
    """An image that was processed with web, then with shop, and that keeps its earlier revision."""
    images = dashboard.deployment.images
    first = record(dashboard.deployment, "ana", "kept", name)
    marked = images.queue_again(first, "ana", Origin.REPROCESS, RecipeRef(name="shop", digest="e" * 64))
    assert isinstance(marked, Image)
    aim = Aim(marked.job(Origin.REPROCESS), RecipeRef(name="shop", digest="e" * 64), "cd" * 16, "w", timestamp())
    claimed = images.claim(aim, 5, marked)
    assert isinstance(claimed, Image)
    variant = first.variants[0].model_copy(update={"name": "card"})
    done = images.record_ready(aim.claimed(claimed), Success((variant,), {}, {}), keep=True)
    assert isinstance(done, Image)
    announced = images.announced(done)
    assert isinstance(announced, Image)
    return announced


def test_an_earlier_revision_is_listed_and_made_current_on_the_page(dashboard: Dashboard) -> None:
    image = kept(dashboard, "page.jpg")
    [earlier] = image.kept_revisions
    ana = dashboard.browser("ana")
    address = f"/images/{image.image_id}/revisions/{earlier.results}/current"
    page = ana.get(f"/images/{image.image_id}").text
    assert f'action="{address}"' in page
    assert "3 variants, 1.5 kB" in page
    assert dashboard.browser("ben").post(address).status_code == 404
    assert ana.post(address).headers["location"] == f"/images/{image.image_id}"
    assert "by web, is current again" in ana.get(f"/images/{image.image_id}").text
    current = dashboard.deployment.images.get(image.image_id)
    assert current is not None
    assert (current.revision, current.notice, current.recipe) == (earlier.results, None, earlier.recipe)


def test_a_program_makes_an_earlier_revision_current(dashboard: Dashboard) -> None:
    image = kept(dashboard, "program.jpg")
    address = f"/api/v1/images/{image.image_id}"
    ana = dashboard.program("ana")
    [listed] = ana.get(address).json()["kept_revisions"]
    assert (listed["recipe"], listed["bytes"]) == ("web", 1_500)
    back = ana.post(f"{address}/revisions/{listed['revision']}/current").json()
    assert (back["revision"], back["recipe"], [kept["recipe"] for kept in back["kept_revisions"]]) == (
        listed["revision"], "web", ["shop"],
    )  # fmt: skip
    missing = ana.post(f"{address}/revisions/{'ab' * 16}.77/current")
    assert (missing.status_code, "is not kept" in missing.json()["detail"]) == (400, True)
    again = dashboard.deployment.images.queue_again(image, "ana", Origin.REPROCESS, None)
    assert isinstance(again, Image)
    busy = ana.post(f"{address}/revisions/{image.revision}/current")
    assert (busy.status_code, "is being processed" in busy.json()["detail"]) == (400, True)


def test_the_page_of_an_adopted_image_may_draw_originals_of_its_bucket_and_no_other_page_may(
    dashboard: Dashboard,
) -> None:
    adopted = record(dashboard.deployment, "ana", "masters", "a", bucket="museum-masters", key="scans/a.jpg")
    dotted = record(dashboard.deployment, "ana", "masters", "b", bucket="museum.masters", key="scans/b.jpg")
    own = record(dashboard.deployment, "ana", "masters", "c.jpg")
    ana = dashboard.browser("ana")

    def pictures(path: str) -> list[str]:
        policy = ana.get(path).headers["Content-Security-Policy"]
        [images] = [part.split()[1:] for part in policy.split("; ") if part.startswith("img-src ")]
        return images

    usual = pictures(f"/images/{own.image_id}")
    assert pictures("/batches/ana/masters") == usual
    for image in (adopted, dotted):
        drawn = ana.get(f"/images/{image.image_id}/drawn", follow_redirects=False).headers["Location"]
        origin = "/".join(drawn.split("/")[:3])
        assert pictures(f"/images/{image.image_id}") == list(dict.fromkeys([*usual, origin]))


def test_the_page_and_the_api_show_aliases_and_why_one_is_missing(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "aliased", "cat.jpg")
    held = Alias(file="thumb.webp", bucket="shop", key="cat_thumb.webp")
    taken = Alias(file="card.jpg", bucket="shop", key="cat_card.jpg", state=AliasState.TAKEN, problem="it is <taken>")
    noted = dashboard.deployment.images.set_aliases(image, (held, taken))
    assert isinstance(noted, Image)
    ana = dashboard.browser("ana")
    page = ana.get(f"/images/{image.image_id}").text
    assert "<bdi>cat_thumb.webp</bdi>" in page
    assert "it is &lt;taken&gt;" in page
    shown = ana.get(f"/api/v1/images/{image.image_id}").json()["aliases"]
    assert [(alias["key"], alias["state"]) for alias in shown] == [
        ("cat_thumb.webp", "held"),
        ("cat_card.jpg", "taken"),
    ]


def test_the_page_and_the_api_show_the_faces_that_a_recipe_searched_for(dashboard: Dashboard) -> None:
    boxes = ((451, 342, 368, 428), (10, 20, 30, 40))
    shown = record(dashboard.deployment, "ana", "faces", "a.jpg", faces=boxes, face_count=2)
    none = record(dashboard.deployment, "ana", "faces", "b.jpg", face_count=0)
    unsearched = record(dashboard.deployment, "ana", "faces", "c.jpg")
    ana, api = dashboard.browser("ana"), dashboard.program("ana")
    pages = [ana.get(f"/images/{image.image_id}").text for image in (shown, none, unsearched)]
    assert [re.findall("<dt>Faces</dt><dd>(.+?)</dd>", page) for page in pages] == [["2"], ["0"], []]
    documents = [api.get(f"/api/v1/images/{image.image_id}").json() for image in (shown, none, unsearched)]
    assert [document["faces"] for document in documents] == [[list(box) for box in boxes], [], None]


def test_the_message_of_a_failure_is_apart_from_the_name_before_it(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "messages", "bomb.png", cause=Cause.TOO_MANY_PIXELS)
    ana = dashboard.browser("ana")
    page = ana.get(f"/images/{image.image_id}").text
    assert "<code>too_many_pixels</code>: it is too_many_pixels</p>" in page
    line = '<bdi>bomb.png</bdi></a><span class="dim">: it is too_many_pixels</span>'
    assert line in ana.get("/batches/ana/messages").text
