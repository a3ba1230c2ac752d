"""A trial renders an image or a sample with the draft and with the present recipe, and keeps nothing."""

import base64
import hashlib
import io
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from dashboard.bodies import MOST_FORM, MOST_TRIAL_FORM
from dashboard.site import TRIALS_PER_MINUTE, Site
from pixelfleet.domain.records import Image
from pixelfleet.domain.users import Scope
from pixelfleet.operations.recipe_registry import put_recipe
from pixelfleet.operations.recipe_trial import MOST_SAMPLE
from tests.fakes.records import record
from tests.recipes import shop
from tests.unit.dashboard.conftest import Dashboard

ADDRESS = "/api/v1/recipes/try"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of this test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def image(dashboard: Dashboard) -> Image:
    """An image of ana, whose original the bucket holds."""
    content = png(600, 400)
    etag = hashlib.md5(content).hexdigest()
    made = record(dashboard.deployment, "ana", "trials", f"{uuid.uuid4().hex}.png", etag=etag)
    dashboard.deployment.s3.put_object(Bucket=made.bucket, Key=made.key, Body=content)
    return made


def png(width: int, height: int) -> bytes:
    content = io.BytesIO()
    Picture.new("RGB", (width, height), (200, 40, 30)).save(content, "PNG")
    return content.getvalue()


def site_of(dashboard: Dashboard) -> Site:
    client: Any = dashboard.make_client()
    site: Site = client.app.state.site
    return site


def results(dashboard: Dashboard) -> list[str]:
    listed = dashboard.deployment.s3.list_objects_v2(Bucket=dashboard.deployment.settings.results_bucket)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def test_a_trial_renders_an_image_with_the_draft_and_with_the_stored_recipe_and_keeps_nothing(
    dashboard: Dashboard, image: Image, scratch: Path
) -> None:
    put_recipe(dashboard.deployment, "olga", shop(100, "tried"))
    before = results(dashboard), dashboard.deployment.images.get(image.image_id)
    body = {"text": shop(60, "tried").to_text(), "image_id": image.image_id}
    answer = dashboard.program("ana").post(ADDRESS, json=body)
    assert answer.status_code == 200, answer.text
    trial = answer.json()
    assert (trial["format"], trial["width"], trial["height"]) == ("png", 600, 400)
    for side, width in (("draft", 60), ("current", 100)):
        recipe, [variant] = trial[side], trial[side]["variants"]
        picture = base64.b64decode(variant["picture"])
        assert Picture.open(io.BytesIO(picture)).size == (width, round(width * 400 / 600))
        assert (variant["name"], variant["bytes"], recipe["bytes"]) == ("card", len(picture), len(picture))
        assert (recipe["digest"], recipe["problem"]) == (shop(width, "tried").digest, None)
        assert recipe["milliseconds"] > 0
    assert (results(dashboard), dashboard.deployment.images.get(image.image_id)) == before
    assert not any(scratch.iterdir())


def test_a_sample_from_the_editor_may_be_larger_than_any_other_form(dashboard: Dashboard, scratch: Path) -> None:
    content = io.BytesIO()
    Picture.frombytes("RGB", (200, 200), os.urandom(120_000)).save(content, "PNG")
    assert len(content.getvalue()) > MOST_FORM
    files = {"sample": ("mine.png", content.getvalue(), "image/png")}
    text = {"text": shop(50).to_text()}
    trial = dashboard.browser("ana").post("/recipes/zoom/try", data=text, files=files).json()
    assert (trial["draft"]["variants"][0]["width"], trial["bytes"]) == (50, len(content.getvalue()))
    assert trial["current"]["name"] == "zoom"
    # An answer carries no picture of tiles.
    assert [variant["picture"] for variant in trial["current"]["variants"] if variant["files"] > 1] == [None]
    assert dashboard.browser().post("/recipes/zoom/try", data=text, files=files).status_code == 413
    large = {"sample": ("large.png", b"x" * (MOST_TRIAL_FORM + 1), "image/png")}
    assert dashboard.browser("ana").post("/recipes/zoom/try", data=text, files=large).status_code == 413
    over = {"sample": ("over.png", b"x" * (MOST_SAMPLE + 1), "image/png")}
    assert dashboard.browser("ana").post("/recipes/zoom/try", data=text, files=over).status_code == 422
    assert not any(scratch.iterdir())


def test_the_error_of_a_sample_that_no_decoder_reads_names_the_cause(dashboard: Dashboard, scratch: Path) -> None:
    ana = dashboard.program("ana")
    body = {"text": shop(50).to_text(), "sample": base64.b64encode(b"no picture").decode(), "against": "web"}
    answer = ana.post(ADDRESS, json=body)
    assert (answer.status_code, "not_an_image" in answer.json()["detail"]) == (400, True)


def test_a_trial_is_refused_before_anything_is_decoded(dashboard: Dashboard, image: Image) -> None:
    right = {"text": shop(50).to_text(), "image_id": image.image_id}
    ana, ben = dashboard.program("ana"), dashboard.program("ben")
    assert ben.post(ADDRESS, json=right).status_code == 404
    assert dashboard.program("ana", Scope.READ).post(ADDRESS, json=right).status_code == 403
    wrong = ana.post(ADDRESS, json=right | {"text": 'name = "a"'})
    assert (wrong.status_code, "the text, line 1: variants" in wrong.json()["detail"]) == (422, True)
    assert ana.post(ADDRESS, json=right | {"against": "none-such"}).status_code == 404
    assert ana.post(ADDRESS, json={"text": right["text"]}).status_code == 422
    assert ana.post(ADDRESS, json={"text": right["text"], "sample": ""}).status_code == 422
    dashboard.deployment.s3.delete_object(Bucket=image.bucket, Key=image.key)
    gone = ana.post(ADDRESS, json=right)
    assert (gone.status_code, "is gone" in gone.json()["detail"]) == (400, True)


def test_one_trial_runs_at_a_time_and_a_user_begins_only_a_few_trials_a_minute(
    dashboard: Dashboard, image: Image
) -> None:
    site, ana = site_of(dashboard), dashboard.program("ana")
    body = {"text": shop(50).to_text(), "image_id": image.image_id}
    with site.trials._place:
        answers = [ana.post(ADDRESS, json=body) for _ in range(TRIALS_PER_MINUTE + 1)]
    assert {answer.status_code for answer in answers} == {429}
    assert ("is being tried" in answers[0].json()["detail"], answers[0].headers["Retry-After"]) == (True, "5")
    assert "recipes tried in a minute" in answers[-1].json()["detail"]
