"""The scores of variants without a target are measured against the same pixels before the encode."""

import io

import pytest
import ssimulacra2
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

BY_SIMULACRA = recipes.parse(
    'name = "by-simulacra"\n'
    '[[variants]]\nname = "low"\nformat = "jpeg"\nquality = 20\n'
    '[[variants]]\nname = "modern"\nformat = "jxl"\nquality = 60\n'
    '[[variants]]\nname = "later"\nformat = "jpeg"\nquality = 20\nlazy = true\n'
    '[[variants]]\nname = "aimed"\nbox = 20\nformat = "webp"\n'
    'quality = { target = 50, metric = "ssimulacra2", min = 80, max = 80 }\n',
    "by-simulacra.toml",
)


def put(desk: Desk, picture: Pillow.Image, name: str, recipe: recipes.Recipe = RECIPE) -> Job:
    file = io.BytesIO()
    picture.save(file, "PNG")
    batch = f"measured-{recipe.name}"
    key = f"uploads/me/{batch}/{name}"
    answer = desk.deployment.s3.put_object(Bucket=desk.settings.uploads_bucket, Key=key, Body=file.getvalue())
    desk.deployment.batches.create("me", batch, store_recipe(desk.deployment, recipe))
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


def test_the_metric_is_that_of_the_recipes_target_also_for_jpeg_xl_and_lazy_variants(desk: Desk) -> None:
    photo = scene((256, 256), "forest", "simulacra")
    job = put(desk, photo, "c.png", BY_SIMULACRA)
    assert desk.do(job) is not None
    image = desk.image(job)
    low = next(one for one in image.variants if one.name == "low")
    requested = image.model_copy(update={"variants": (*image.variants, low.model_copy(update={"name": "later"}))})
    with QualityMeter(desk.deployment) as meter:
        scores = {one.variant: one.score for one in meter.scores(requested)}
    assert scores.keys() == {"low", "modern", "later"}
    assert {score.metric for score in scores.values()} == {Metric.SSIMULACRA2}
    original, stored = io.BytesIO(), io.BytesIO()
    photo.save(original, "PNG")
    answer = desk.deployment.s3.get_object(Bucket=desk.settings.results_bucket, Key=low.key)
    with Pillow.open(io.BytesIO(answer["Body"].read())) as decoded:
        decoded.save(stored, "PNG")
    by_the_package = ssimulacra2.compute_ssimulacra2(original, stored)
    assert scores["low"].value == pytest.approx(by_the_package, abs=0.5)
    assert scores["later"] == scores["low"]
    assert scores["modern"].value > scores["low"].value + 10


def test_a_sample_of_no_images_keeps_none(desk: Desk) -> None:
    job = put(desk, scene((40, 30), "sea", "none"), "b.png")
    assert desk.do(job) is not None
    sample = SampleOfImages(0)
    sample.offer(desk.image(job))
    assert list(sample) == []
