"""Attacks: forged forms, names that are markup, paths that leave their folder, headers that are split."""

import base64
import json

import pytest

from dashboard.app import create_app
from pixelfleet.deployment import Deployment
from pixelfleet.domain.attempts import results_of
from pixelfleet.domain.records import Image
from pixelfleet.domain.result_keys import image_folder, result_address
from pixelfleet.errors import SettingsError
from pixelfleet.settings import load_settings
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard

MARKUP = "\"><img src=x onerror=alert(1)>'{{7*7}}</script>.jpg"


@pytest.fixture(scope="module")
def image(package_deployment: Deployment) -> Image:
    return record(
        package_deployment,
        "ana",
        "markup",
        MARKUP,
        exif={"camera": "<script>alert(2)</script>", "taken_at": "<b>now</b>"},
    )


@pytest.mark.parametrize("token", ["", "0" * 64, "é" * 10])
def test_a_form_without_the_token_of_its_session_changes_nothing(
    dashboard: Dashboard, image: Image, token: str
) -> None:
    browser = dashboard.browser("ana")
    del browser.headers["X-CSRF-Token"]
    for path in (f"/images/{image.image_id}/delete", "/account/tokens"):
        answer = browser.post(path, data={"csrf_token": token, "label": "x", "days": "1", "scopes": "read"})
        assert answer.status_code == 403, path
    assert browser.request("DELETE", f"/api/v1/images/{image.image_id}").status_code == 403
    assert dashboard.deployment.images.get(image.image_id) == image


def test_the_form_token_of_another_session_is_refused(dashboard: Dashboard) -> None:
    ana, ben = dashboard.browser("ana"), dashboard.browser("ben")
    ana.headers["X-CSRF-Token"] = ben.headers["X-CSRF-Token"]
    assert ana.post("/api/v1/uploads", json={"files": [{"name": "a", "bytes": 1}]}).status_code == 403


def test_a_request_that_another_site_caused_is_refused_even_with_the_token(dashboard: Dashboard) -> None:
    browser = dashboard.browser("ana")
    answer = browser.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/?batch=markup", "/images/{id}", "/batches/ana/markup", "/?name=%3Cscript%3E"])
def test_names_and_exif_are_text_never_markup(dashboard: Dashboard, image: Image, path: str) -> None:
    page = dashboard.browser("ana").get(path.replace("{id}", image.image_id)).text
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert '<script>"' not in page
    assert "49" not in page.partition("onerror")[2][:40]


def test_a_search_for_markup_is_echoed_as_text(dashboard: Dashboard) -> None:
    page = dashboard.browser("ana").get("/", params={"name": MARKUP, "batch": "b", "owner": ""}).text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_policy_forbids_inline_code_and_other_origins(dashboard: Dashboard) -> None:
    for path in ("/sign-in", "/", "/no-such-page", "/api/v1/images", "/health"):
        answer = dashboard.browser("ana").get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "key",
    [
        "ana/../ben/x",
        "ana/{id}/%2e%2e/%2e%2e/ben",
        "../etc/passwd",
        "ana//etc/passwd",
        "ana/{id}/" + "ab" * 16 + "/../../../x",
        "ana/{id}/" + "ab" * 16 + "/a%0Ab",
        "ana/{id}/" + "ab" * 16 + "/.hidden",
        "ana\\..\\ben",
        "%00",
    ],
)
def test_a_path_that_is_no_key_of_a_result_is_not_found(dashboard: Dashboard, image: Image, key: str) -> None:
    browser = dashboard.browser("ana")
    assert browser.get("/i/" + key.replace("{id}", image.image_id)).status_code == 404


@pytest.mark.parametrize("path", ["../../pyproject.toml", "x/../../app.py", "x/%2e%2e/%2e%2e/site.py", "x//etc/passwd"])
def test_static_files_are_served_only_from_their_folder(dashboard: Dashboard, path: str) -> None:
    assert dashboard.browser().get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "../x.jpg", "/x.jpg", "a/../../x.jpg", "a//b.jpg", "./x.jpg", "a/.", "", "a\nb.jpg", "a\x00.jpg",
        "${filename}", "x" * 1020, "\u202egpj.exe", "ä" * 600,
    ],
)  # fmt: skip
def test_a_name_that_leaves_its_folder_or_hides_characters_gets_no_form(dashboard: Dashboard, name: str) -> None:
    answer = dashboard.program("ana").post(
        "/api/v1/uploads", json={"batch": "b1", "files": [{"name": name, "bytes": 9}]}
    )
    if answer.status_code == 422:
        return
    [file] = answer.json()["files"]
    assert file["refused"]
    assert file["url"] is None


def test_an_upload_form_is_bound_to_key_type_and_size(dashboard: Dashboard) -> None:
    requested = {"batch": "b1", "files": [{"name": "a b.jpg", "bytes": 9, "type": "image/jpeg"}]}
    [file] = dashboard.program("ana").post("/api/v1/uploads", json=requested).json()["files"]
    policy = json.loads(base64.b64decode(file["fields"]["policy"]))
    assert ["content-length-range", 1, dashboard.deployment.settings.parts_from] in policy["conditions"]
    assert {"key": "uploads/ana/b1/a b.jpg"} in policy["conditions"]
    assert {"Content-Type": "image/jpeg"} in policy["conditions"]


@pytest.mark.parametrize(
    "header", ["a%0d%0aSet-Cookie:%20x=1", "a%0aSet-Cookie:%20x=1", "%E5%98%8A%E5%98%8DSet-Cookie:%20x"]
)
def test_the_input_of_a_caller_never_splits_a_header(dashboard: Dashboard, header: str) -> None:
    browser = dashboard.browser()
    for answer in (
        browser.get(f"/sign-in?next=/{header}"),
        browser.get(f"/{header}"),
        dashboard.browser("ana").get(f"/api/v1/batches/ana/{header}/manifest"),
    ):
        assert "x" not in answer.cookies
        assert "set-cookie: x" not in str(answer.headers).lower()


def test_the_forwarded_address_is_the_address_that_the_own_proxy_recorded(dashboard: Dashboard) -> None:
    settings = dashboard.deployment.settings.model_copy(update={"forwarded_hops": 2})
    site = create_app(settings, dashboard.deployment).state.site

    class Request:
        class client:  # noqa: N801 - as Starlette names it
            host = "10.0.0.1"

        headers = {"x-forwarded-for": "6.6.6.6, 192.0.2.9, 130.176.0.1"}  # noqa: RUF012

    assert site.address(Request()) == "192.0.2.9"
    Request.headers = {"x-forwarded-for": "130.176.0.1"}
    assert site.address(Request()) == "10.0.0.1"


@pytest.mark.parametrize("version", [0, 4])
def test_a_result_is_served_from_any_folder_that_a_worker_makes(
    dashboard: Dashboard, image: Image, version: int
) -> None:
    key = f"{image_folder('ana', image.image_id)}{results_of('ab' * 16, version)}/thumb.webp"
    bucket = dashboard.deployment.settings.results_bucket
    dashboard.deployment.s3.put_object(Bucket=bucket, Key=key, Body=b"pixels", ContentType="image/webp")
    answer = dashboard.browser("ana").get(result_address(key))
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"pixels", "image/webp")
    again = dashboard.browser("ana").get(result_address(key), headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert dashboard.browser("ben").get(result_address(key)).status_code == 404


def test_results_of_any_type_are_served_as_pictures_or_data_never_as_pages(dashboard: Dashboard, image: Image) -> None:
    key = f"ana/{image.image_id}/{'ab' * 16}/evil.html"
    bucket = dashboard.deployment.settings.results_bucket
    dashboard.deployment.s3.put_object(Bucket=bucket, Key=key, Body=b"<script>", ContentType="text/html")
    answer = dashboard.browser("ana").get(f"/i/{key}")
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_errors_of_settings_contain_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLEET_SESSION_SECRET", "too short")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "PIXELFLEET_SESSION_SECRET" in str(caught.value)
    assert "too short" not in str(caught.value).replace("String should", "")


def test_an_address_without_a_page_has_the_navigation_for_users_and_none_for_strangers(dashboard: Dashboard) -> None:
    for who, navigation in (("ana", True), (None, False)):
        page = dashboard.browser(who).get("/nowhere", headers={"Accept": "text/html"})
        assert (page.status_code, 'aria-label="Main"' in page.text) == (404, navigation)
