"""A batch with a least score: an image with a variant that scores less fails, and nothing of it is stored."""

import io

import pytest
from PIL import Image as Pillow

from pixelfleet import recipes
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.records import Counts, Status
from pixelfleet.errors import Cause
from pixelfleet.operations.quality import set_gate
from pixelfleet.operations.recipe_choice import REMEMBERED
from pixelfleet.operations.recipe_texts import store_recipe
from tests.clock import Clock
from tests.unit.worker.job.desk import Desk
from worker.job.attempt import Surroundings
from worker.job.process import Processor

KEY = "uploads/me/gated/noise.png"
RECIPE = recipes.parse(
    'name = "aimed"\n[[variants]]\nname = "page"\nformat = "jpeg"\nquality = { target = 0.99, min = 5, max = 10 }\n'
    '[[variants]]\nname = "thumb"\nbox = 20\nformat = "png"\n',
    "aimed.toml",
)


@pytest.fixture
def noise(desk: Desk) -> Job:
    file = io.BytesIO()
    Pillow.effect_noise((64, 64), 90).save(file, "PNG")
    answer = desk.deployment.s3.put_object(Bucket=desk.settings.uploads_bucket, Key=KEY, Body=file.getvalue())
    desk.deployment.batches.create("me", "gated", store_recipe(desk.deployment, RECIPE))
    etag, version = answer["ETag"].strip('"'), answer.get("VersionId")
    return Job(JobKind.PROCESS, desk.settings.uploads_bucket, KEY, version, etag, "05", len(file.getvalue()))


def test_without_a_least_score_the_record_has_the_score_and_the_setting(desk: Desk, noise: Job) -> None:
    done = desk.do(noise)
    assert done is not None
    assert done.status is Status.READY
    page, thumb = done.variants
    assert page.score is not None
    assert 0 < page.score < 9_900
    assert (page.quality, thumb.quality, thumb.score) == (10, None, None)


def test_an_image_below_the_least_score_fails_and_stores_nothing(desk: Desk, noise: Job) -> None:
    set_gate(desk.deployment, "me", "gated", 0.95)
    done = desk.do(noise)
    assert done is not None
    assert (done.status, done.cause, done.variants) == (Status.FAILED, Cause.BELOW_QUALITY, ())
    assert done.message is not None
    assert "variant 'page' scores 0." in done.message
    assert "at setting 10, less than the 0.9500 (SSIM) that its batch asks for" in done.message
    assert desk.results() == set()
    assert desk.notices() == ["image.failed"]
    assert desk.deployment.batches.counts("me", "gated") == Counts(failed_by_cause={"below_quality": 1})


def test_a_redrive_passes_once_the_least_score_is_lower(desk: Desk, noise: Job) -> None:
    clock = Clock()
    desk.processor = Processor(desk.deployment, surroundings=Surroundings(monotonic=clock))
    set_gate(desk.deployment, "me", "gated", 0.95)
    assert desk.do(noise) is not None
    set_gate(desk.deployment, "me", "gated", None)
    clock.now += REMEMBERED
    failed = desk.image(noise)
    assert failed.status is Status.FAILED
    done = desk.do(failed.job(Origin.REDRIVE))
    assert done is not None
    assert done.status is Status.READY
    assert desk.deployment.batches.counts("me", "gated") == Counts(ready=1)


def test_an_image_that_reaches_the_least_score_is_ready(desk: Desk, noise: Job) -> None:
    set_gate(desk.deployment, "me", "gated", 0.95)
    done = desk.do(desk.put(key="uploads/me/gated/plain.png"))
    assert done is not None
    assert done.status is Status.READY
    assert done.variants[0].score is not None
    assert done.variants[0].score >= 9_500


def test_a_least_score_by_one_metric_is_compared_with_no_score_by_the_other(desk: Desk, noise: Job) -> None:
    set_gate(desk.deployment, "me", "gated", 99)
    done = desk.do(noise)
    assert done is not None
    assert (done.status, done.variants[0].ssimulacra2) == (Status.READY, None)
