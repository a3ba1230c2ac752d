"""The scores of variants without a target are measured against the same pixels before the encode."""

import io

import pytest
from PIL import Image as Pillow

from pixelfleet import recipes
from pixelfleet.domain.jobs import Job, JobKind
from pixelfleet.operations.measured_quality import NotMeasuredError, QualityMeter, SampleOfImages
from pixelfleet.operations.quality import BatchScores, recorded_scores
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.recipes import Metric
from pixelfleet.samples.scene import scene
from tests.unit.worker.job.desk import Desk

RECIPE = recipes.parse(
    'name = "mixed"\n'
    '[[variants]]\nname = "low"\nformat = "jpeg"\nquality = 20\nsharpen = 1\n'
    '[[variants]]\nname = "high"\nbox = 100\nformat = "webp"\nquality = 95\n'
    '[[variants]]\nname = "aimed"\nformat = "jpeg"\nquality = { target = 0.9 }\n'
    '[[variants]]\nname = "lossless"\nformat = "png"\n',
    "mixed.toml",
)


def put(desk: Desk, picture: Pillow.Image, name: str) -> Job:
    file = io.BytesIO()
    picture.save(file, "PNG")
    key = f"uploads/me/measured/{name}"
    answer = desk.deployment.s3.put_object(Bucket=desk.settings.uploads_bucket, Key=key, Body=file.getvalue())
    desk.deployment.batches.create("me", "measured", store_recipe(desk.deployment, RECIPE))
    etag, version = answer["ETag"].strip('"'), answer.get("VersionId")
    return Job(JobKind.PROCESS, desk.settings.uploads_bucket, key, version, etag, "05", len(file.getvalue()))


def test_variants_without_a_score_are_measured_with_their_steps_and_at_their_size(desk: Desk) -> None:
    clear = scene((200, 150), "forest", "measured").convert("RGBA")
    clear.putalpha(Pillow.linear_gradient("L").resize(clear.size))
    job = put(desk, clear, "a.png")
    assert desk.do(job) is not None
    image = desk.image(job)
    sample = SampleOfImages(5)
    sample.offer(image)
    assert list(sample) == [image]
    scores = BatchScores()
    scores.add(recorded_scores(image))
    with QualityMeter(desk.deployment) as meter:
        scores.add_measured(meter.scores(image))
        desk.deployment.s3.delete_object(Bucket=image.bucket, Key=image.key, VersionId=image.version_id or "null")
        with pytest.raises(NotMeasuredError, match="the original is gone"):
            meter.scores(image)
    assert (scores.images, scores.scored, scores.measured) == (1, 1, 1)
    lowest = scores.of_metric(Metric.SSIM).lowest
    by_variant = {one.variant: one.score.value for one in lowest}
    assert by_variant.keys() == {"low", "high", "aimed"}
    assert 0.5 < by_variant["low"] < 0.95 < by_variant["high"] < 1
    assert [one.score.value for one in lowest] == sorted(by_variant.values())


def test_a_sample_of_no_images_keeps_none(desk: Desk) -> None:
    job = put(desk, scene((40, 30), "sea", "none"), "b.png")
    assert desk.do(job) is not None
    sample = SampleOfImages(0)
    sample.offer(desk.image(job))
    assert list(sample) == []
