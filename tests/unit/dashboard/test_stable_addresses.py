"""/v/... serves the present revision at a stable address to users who may see the image."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from dashboard.app import create_app
from dashboard.conditions import http_date
from pixelfleet.aws.objects import ObjectGoneError, Objects
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.domain.users import Scope
from pixelfleet.operations.stable_addresses import image_at
from pixelfleet.settings import Settings
from tests.fakes.records import RECIPE, record
from tests.unit.dashboard.conftest import Dashboard

BODY = b"RIFF....WEBP" + bytes(range(256)) * 2


def keep(dashboard: Dashboard, key: str, body: bytes = BODY, content_type: str = "image/webp") -> None:
    bucket = dashboard.deployment.settings.results_bucket
    dashboard.deployment.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)


@pytest.fixture
def image(dashboard: Dashboard, request: pytest.FixtureRequest) -> Image:
    """An image of ana whose thumb is stored; `bytes` of a record is the size of the file."""
    made = record(dashboard.deployment, "ana", "stable", f"{request.node.name}/a b.jpg")
    keep(dashboard, made.variants[0].key)
    return made


def by_path(image: Image, variant: str = "thumb") -> str:
    return f"/v/ana/stable/{quote(image.path)}/{variant}"


def remade(dashboard: Dashboard, image: Image, variants: tuple[StoredVariant, ...]) -> Image:
    """Processes the image again, with these variants; deletes the earlier results."""
    images = dashboard.deployment.images
    job = replace(image.job(Origin.EVENT), etag="e2", sequencer="20")
    aim = Aim(job, RECIPE, "cd" * 16, "worker-2", "2026-11-02T00:00:00.000Z")
    claimed = images.claim(aim, 5, None)
    assert isinstance(claimed, Image)
    ready = images.record_ready(aim.claimed(claimed), Success(variants, {}, {}))
    assert isinstance(ready, Image)
    for old in image.variants:
        dashboard.deployment.s3.delete_object(Bucket=dashboard.deployment.settings.results_bucket, Key=old.key)
    return ready


def test_both_forms_of_the_address_return_the_bytes_with_headers_for_caches(dashboard: Dashboard, image: Image) -> None:
    browser = dashboard.browser("ana")
    for address in (f"/v/{image.image_id}/thumb", by_path(image), by_path(image, "thumb.webp")):
        answer = browser.get(address)
        assert (answer.status_code, answer.content) == (200, BODY), address
        headers = answer.headers
        assert headers["content-type"] == "image/webp"
        assert headers["etag"] == f'"{"ab" * 16}/thumb.webp"'
        assert headers["cache-control"] == "private, max-age=60"
        assert (headers["vary"], headers["accept-ranges"]) == ("Accept", "bytes")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        age = datetime.now(UTC) - parsedate_to_datetime(headers["last-modified"])
        assert abs(age.total_seconds()) < 600


def test_a_head_has_the_headers_of_a_get_and_reads_no_bytes(dashboard: Dashboard, image: Image) -> None:
    browser = dashboard.browser("ana")
    got, head = browser.get(by_path(image)), browser.head(by_path(image))
    assert (head.status_code, head.content) == (200, b"")
    volatile = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in volatile} == {
        k: v for k, v in got.headers.items() if k not in volatile
    }


def test_an_address_leads_to_the_present_revision(dashboard: Dashboard, image: Image) -> None:
    browser = dashboard.browser("ana")
    before = browser.get(by_path(image))
    newer = tuple(one.model_copy(update={"key": one.key.replace("ab" * 16, "cd" * 16)}) for one in image.variants)
    keep(dashboard, newer[0].key, b"RIFF....WEBP newer")
    remade(dashboard, image, newer)
    after = browser.get(by_path(image), headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.content) == (200, b"RIFF....WEBP newer")
    assert after.headers["etag"] != before.headers["etag"]


def test_a_request_for_a_revision_that_is_replaced_meanwhile_gets_the_new_revision(
    dashboard: Dashboard, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tuple(one.model_copy(update={"key": one.key.replace("ab" * 16, "cd" * 16)}) for one in image.variants)
    keep(dashboard, newer[0].key, b"RIFF....WEBP newer")

    def then_replaced(*arguments: Any) -> Image | None:
        actual = image_at(*arguments)
        if actual is not None and actual.revision == "ab" * 16:
            remade(dashboard, image, newer)
        return actual

    monkeypatch.setattr("dashboard.pages.stable_addresses.image_at", then_replaced)
    assert dashboard.browser("ana").get(by_path(image)).content == b"RIFF....WEBP newer"


def test_missing_results_are_read_only_twice(
    dashboard: Dashboard, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def gone(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise ObjectGoneError

    monkeypatch.setattr(Objects, "open", gone)
    assert dashboard.browser("ana").get(by_path(image)).status_code == 404
    assert len(tries) == 2


def test_a_client_that_has_the_present_bytes_gets_no_body(dashboard: Dashboard, image: Image) -> None:
    browser = dashboard.browser("ana")
    first = browser.get(by_path(image)).headers
    for condition in ({"If-None-Match": first["etag"]}, {"If-Modified-Since": first["last-modified"]}):
        answer = browser.get(by_path(image), headers=condition)
        assert (answer.status_code, answer.content) == (304, b""), condition
        assert answer.headers["etag"] == first["etag"]
        assert answer.headers["vary"] == "Accept"
    older = browser.get(by_path(image), headers={"If-Modified-Since": "Sun, 01 Nov 2020 12:00:00 GMT"})
    assert older.status_code == 200
    assert browser.get(by_path(image), headers={"If-Match": '"x"'}).status_code == 412


def test_a_range_gets_its_part_and_a_range_outside_gets_none(dashboard: Dashboard, image: Image) -> None:
    image = remade(dashboard, image, (image.variants[0].model_copy(update={"bytes": len(BODY)}),))
    keep(dashboard, image.variants[0].key)
    browser, size = dashboard.browser("ana"), len(BODY)
    part = browser.get(by_path(image), headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, BODY[4:12])
    assert (part.headers["content-range"], part.headers["content-length"]) == (f"bytes 4-11/{size}", "8")
    tail = browser.get(by_path(image), headers={"Range": "bytes=-5"})
    assert (tail.status_code, tail.content) == (206, BODY[-5:])
    outside = browser.get(by_path(image), headers={"Range": f"bytes={size}-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{size}")
    several = browser.get(by_path(image), headers={"Range": "bytes=0-1,4-5"})
    assert (several.status_code, several.content) == (200, BODY)
    other = browser.get(by_path(image), headers={"Range": "bytes=4-11", "If-Range": '"x"'})
    assert (other.status_code, other.content) == (200, BODY)
    date = browser.get(by_path(image), headers={"Range": "bytes=4-11", "If-Range": part.headers["last-modified"]})
    assert date.status_code == 206
    assert "content-range" not in browser.head(by_path(image), headers={"Range": "bytes=4-11"}).headers


@pytest.mark.parametrize(
    "address", ["/v/{id}/none", "/v/{id}/thumb.avif", "/v/{other}/thumb", "/v/ana/stable/none.jpg/thumb", "/v/x/thumb"]
)
def test_a_missing_image_and_an_image_of_another_user_get_the_same_answer(
    dashboard: Dashboard, image: Image, address: str
) -> None:
    address = address.format(id=image.image_id, other="a" * 32)
    missing, foreign = dashboard.browser("ana").get(address), dashboard.browser("ben").get(by_path(image))
    assert missing.status_code == foreign.status_code == 404
    by_id = dashboard.browser("ben").get(f"/v/{image.image_id}/thumb", headers={"Accept": "image/*"})
    unknown = dashboard.browser("ben").get(f"/v/{'a' * 32}/thumb", headers={"Accept": "image/*"})
    assert (by_id.status_code, by_id.content) == (unknown.status_code, unknown.content)


def test_a_stranger_is_sent_to_sign_in_whatever_is_at_the_address(dashboard: Dashboard, image: Image) -> None:
    stranger = dashboard.browser()
    for address in (by_path(image), f"/v/{image.image_id}/thumb", "/v/none", f"/v/{'a' * 32}/thumb?signed=x"):
        answer = stranger.get(address)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?")


def test_a_token_with_the_read_scope_reads_the_images_of_its_user(dashboard: Dashboard, image: Image) -> None:
    assert dashboard.program("ana", Scope.READ).get(by_path(image)).content == BODY
    assert dashboard.program("ana", Scope.WRITE).get(by_path(image)).status_code == 403
    assert dashboard.program("ben", Scope.READ).get(by_path(image)).status_code == 404
    nobody = dashboard.browser()
    nobody.headers["Authorization"] = "Bearer none"
    assert nobody.get(by_path(image)).status_code == 401


def test_a_signed_link_for_a_file_leads_to_this_file(dashboard: Dashboard, image: Image) -> None:
    links = f"/api/v1/images/{image.image_id}/links"
    name = PurePosixPath(next(one.key for one in image.variants if one.name == "thumb")).name
    made = dashboard.program("ana").post(links, json={"variant": name, "seconds": 60, "stable": True})
    assert made.json()["url"].startswith(f"http://testserver{by_path(image, name)}?signed=")
    assert dashboard.browser().get(made.json()["url"]).status_code == 200


def test_a_signed_link_admits_to_one_variant_until_it_expires(
    dashboard: Dashboard, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = f"/api/v1/images/{image.image_id}/links"
    body = {"variant": "thumb", "seconds": 60, "stable": True}
    now = time.time()
    # A stopped clock: the seconds that are left do not depend on the speed of the machine.
    monkeypatch.setattr("dashboard.pages.stable_addresses.time.time", lambda: now)
    url = dashboard.program("ana").post(links, json=body).json()["url"]
    assert url.startswith(f"http://testserver{by_path(image)}?signed=")
    stranger = dashboard.browser()
    answer = stranger.get(url)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["cache-control"] in ("private, max-age=60", "private, max-age=59")
    # Everybody with the link may see the image, so a page of another site may show the image.
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    signed = url.partition("?")[2]
    assert stranger.get(f"/v/{image.image_id}/thumb?{signed}").status_code == 200
    for other in (by_path(image, "optimized"), f"/v/{'a' * 32}/thumb", "/v/ana/stable/none.jpg/thumb"):
        assert stranger.get(f"{other}?{signed}").status_code == 404
    # Not the last character: bits of it mean nothing.
    forged = stranger.get(f"{by_path(image)}?{signed[:-9]}{'A' if signed[-9] != 'A' else 'B'}{signed[-8:]}")
    assert forged.status_code == 303
    later = now + 50
    monkeypatch.setattr("dashboard.pages.stable_addresses.time.time", lambda: later)
    kept = int(stranger.get(url).headers["cache-control"].removeprefix("private, max-age="))
    assert 0 <= kept <= 10
    later += 11
    monkeypatch.setattr("dashboard.pages.stable_addresses.time.time", lambda: later)
    assert stranger.get(url).status_code == 303


def test_a_picture_of_a_type_that_runs_scripts_is_served_as_data(dashboard: Dashboard, image: Image) -> None:
    keep(dashboard, image.variants[0].key, b"<svg/>", "image/svg+xml")
    answer = dashboard.browser("ana").get(by_path(image))
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_tiles_have_no_stable_address(dashboard: Dashboard, image: Image) -> None:
    image = remade(dashboard, image, (image.variants[0].model_copy(update={"files": 10}),))
    assert dashboard.browser("ana").get(by_path(image)).status_code == 404


def test_an_image_whose_batch_is_not_in_its_key_is_reached_by_its_path(dashboard: Dashboard) -> None:
    images = dashboard.deployment.images
    made = record(dashboard.deployment, "ana", "plain", "seed.jpg")
    job = replace(made.job(Origin.EVENT), key="masters/cat 1.jpg", etag="e1", sequencer="30")
    aim = Aim(
        job, RECIPE, "ef" * 16, "w", "2026-11-02T00:00:00.000Z", place=Place("ana", "museum", "masters/cat 1.jpg")
    )
    claimed = images.claim(aim, 5, None)
    assert isinstance(claimed, Image)
    key = f"ana/{job.image_id}/{'ef' * 16}/thumb.webp"
    variant = made.variants[0].model_copy(update={"key": key})
    assert isinstance(images.record_ready(aim.claimed(claimed), Success((variant,), {}, {})), Image)
    keep(dashboard, key)
    browser = dashboard.browser("ana")
    assert browser.get("/v/ana/museum/masters/cat%201.jpg/thumb").content == BODY
    assert browser.get("/v/ana/museum/masters/cat/thumb").status_code == 404


@pytest.fixture
def public(dashboard: Dashboard) -> TestClient:
    """A client without a session, on a deployment whose results are public."""
    settings = dashboard.deployment.settings.model_dump() | {"public_results": True, "stable_max_age": 5}
    app = create_app(Settings.model_validate(settings), dashboard.deployment)
    return TestClient(app, follow_redirects=False)


def test_everybody_sees_public_results(public: TestClient, image: Image) -> None:
    answer = public.get(by_path(image))
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["cache-control"] == "public, max-age=5"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert public.get(f"/v/{'a' * 32}/thumb").status_code == 404
    assert public.get(f"/i/{image.variants[0].key}").status_code == 200
    assert public.get(f"/images/{image.image_id}").status_code == 303


@pytest.fixture
def card(dashboard: Dashboard, image: Image) -> Image:
    """The image with one variant in three formats; the bytes of each file are the name of its format."""
    thumb = image.variants[0]
    files = tuple(
        thumb.model_copy(
            update={
                "name": "card",
                "key": thumb.key.replace("ab" * 16, "cd" * 16).replace("thumb.webp", f"card.{extension}"),
                "format": form,
                "content_type": f"image/{form}",
            }
        )
        for form, extension in (("avif", "avif"), ("webp", "webp"), ("jpeg", "jpg"))
    )
    for one in files:
        keep(dashboard, one.key, one.format.encode(), one.content_type)
    return remade(dashboard, image, files)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("image/avif,image/webp,image/*,*/*;q=0.8", "avif"),
        ("image/webp,*/*", "webp"),
        ("*/*", "jpeg"),
        ("image/avif;q=0,image/webp;q=0.5", "webp"),
    ],
)
def test_a_browser_gets_the_format_that_it_accepts(
    dashboard: Dashboard, card: Image, accept: str, expected: str
) -> None:
    answer = dashboard.browser("ana").get(by_path(card, "card"), headers={"Accept": accept})
    assert (answer.text, answer.headers["content-type"]) == (expected, f"image/{expected}")
    assert answer.headers["vary"] == "Accept"


def test_a_client_without_an_accept_header_gets_jpeg_and_each_format_has_its_own_tag(
    dashboard: Dashboard, card: Image
) -> None:
    browser = dashboard.browser("ana")
    del browser.headers["Accept"]
    assert browser.get(by_path(card, "card")).text == "jpeg"
    tags = {browser.get(by_path(card, f"card.{one}")).headers["etag"] for one in ("avif", "webp", "jpg")}
    assert len(tags) == 3


def test_the_api_and_the_page_name_each_file(dashboard: Dashboard, card: Image) -> None:
    browser = dashboard.browser("ana")
    variants = browser.get(f"/api/v1/images/{card.image_id}").json()["variants"]
    assert [(one["name"], one["format"]) for one in variants] == [("card", "avif"), ("card", "webp"), ("card", "jpeg")]
    for one in variants:
        assert browser.get(one["address"]).text == one["format"]
        answer = browser.get(one["href"])
        assert (answer.status_code, f"/card.{one['format'].replace('jpeg', 'jpg')}?" in answer.headers["location"]) == (
            302,
            True,
        )
    page = browser.get(f"/images/{card.image_id}").text
    for extension in ("avif", "webp", "jpg"):
        assert f"<option>card.{extension}</option>" in page
        assert f'data-copy-value="ORIGIN{by_path(card, f"card.{extension}")}"' in page
    assert "&lt;source type=&#34;image/avif&#34;" in page


def test_a_variant_with_an_attribute_of_a_newer_release_is_shown_without_it(dashboard: Dashboard, image: Image) -> None:
    newer = StoredVariant.model_validate(image.variants[0].model_dump() | {"later": "x"})
    remade(dashboard, image, (newer,))
    answer = dashboard.browser("ana").get(f"/api/v1/images/{image.image_id}")
    assert answer.status_code == 200
    assert "later" not in answer.json()["variants"][0]


def test_a_client_that_has_a_later_revision_gets_an_earlier_revision_that_is_current_again(
    dashboard: Dashboard, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object of an earlier revision is older than the date that a client has of the later revision."""
    now = datetime.now(UTC)
    monkeypatch.setattr(dashboard.deployment.images, "_now", lambda: now + timedelta(hours=1))
    earlier = image.variants[0].model_copy(update={"key": image.variants[0].key.replace("ab" * 16, "ef" * 16)})
    keep(dashboard, earlier.key)
    remade(dashboard, image, (earlier,))
    since = http_date(now + timedelta(minutes=30))
    answer = dashboard.browser("ana").get(by_path(image), headers={"If-Modified-Since": since})
    assert answer.status_code == 200
    assert answer.headers["last-modified"] == http_date(now + timedelta(hours=1))
