"""Image records in the catalog, in the state in which workers leave them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind
from pixelfleet.domain.keys import Place, image_id
from pixelfleet.domain.records import AttemptLine, Image, RecipeRef, Status, StoredVariant, counted_as, timestamp
from pixelfleet.domain.scores import Score
from pixelfleet.domain.transitions import Aim, Failure, Success
from pixelfleet.errors import Cause
from pixelfleet.recipes import Metric

RECIPE = RecipeRef(name="web", digest="d" * 64)
BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)
HASH = "1QcSHQRnh493V4dIh4eXh1h4kJUI"


def key_of(owner: str, batch: str, name: str) -> str:
    return f"uploads/{owner}/{batch}/{name}"


def record(deployment: Deployment, owner: str, batch: str, name: str, **facts: Any) -> Image:
    """Claim and settle one image through the catalog's own state changes. With `cause`, the image is failed.

    `scores` are the scores of variants by name: SSIM in ten-thousandths, or a `Score`.
    With `bucket` and `key`, it is an image of a bucket that existed before the deployment.

    The image's notice is published, unless `announced` is false.
    """
    cause: Cause | None = facts.pop("cause", None)
    publish: bool = facts.pop("announced", True)
    scores: dict[str, int | Score] = facts.pop("scores", {})
    recipe: RecipeRef = facts.pop("recipe", RECIPE)
    bucket, key = deployment.settings.uploads_bucket, facts.pop("key", key_of(owner, batch, name))
    bucket = facts.pop("bucket", bucket)
    etag, version = facts.pop("etag", "e1"), facts.pop("version_id", None)
    job = Job(JobKind.PROCESS, bucket, key, version, etag, sequencer="10", bytes=1000)
    aim = Aim(job, recipe, "ab" * 16, "worker-1", timestamp(facts.pop("at", None)), place=Place(owner, batch, key))
    deployment.batches.create(owner, batch)
    claimed = deployment.images.claim(aim, 5, None)
    assert isinstance(claimed, Image)
    aim = aim.claimed(claimed)
    if cause is not None:
        settled = deployment.images.record_failed(aim, Failure(cause, facts.pop("message", f"it is {cause}")))
    else:
        known = {"format": "jpeg", "width": 400, "height": 300, "placeholder": HASH, "sha256": "f" * 64}
        variants = tuple(
            variant.model_copy(update=_scored(scores.get(variant.name))) for variant in variants_of(owner, job.image_id)
        )
        outcome = Success(variants, known | facts, {"pixels": 120})
        settled = deployment.images.record_ready(aim, outcome)
    assert isinstance(settled, Image)
    if not publish:
        return settled
    announced = deployment.images.announced(settled)
    assert isinstance(announced, Image)
    return announced


def variants_of(owner: str, of_image: str) -> tuple[StoredVariant, ...]:
    """The variants of the web recipe."""
    made = (("thumb", "webp", 320, 240), ("optimized", "jpeg", 400, 300), ("enhanced", "jpeg", 400, 300))
    return tuple(
        StoredVariant(
            name=name,
            key=f"{owner}/{of_image}/{'ab' * 16}/{name}.{form}",
            format=form,
            width=width,
            height=height,
            bytes=500,
            content_type=f"image/{form}",
            sha256="a" * 64,
        )
        for name, form, width, height in made
    )


def image_of(owner: str, batch: str, number: int) -> Image:
    """One of many images, made without a catalog. Every twentieth image has failed."""
    name = f"{number % 7}/IMG_{number:06}.jpg"
    key = key_of(owner, batch, name)
    failed = number % 20 == 0
    cause = (Cause.TRUNCATED if number % 40 else Cause.CRASHED) if failed else None
    at = timestamp(BEGINNING + timedelta(seconds=number))
    its_id = image_id("pixelfleet-uploads", key)
    status = Status.FAILED if failed else Status.READY
    return Image(
        image_id=its_id,
        bucket="pixelfleet-uploads",
        key=key,
        owner=owner,
        batch=batch,
        status=status,
        version=2,
        cause=cause,
        message="it breaks off" if cause else None,
        format="jpeg",
        width=4000,
        height=3000,
        bytes=3_000_000,
        placeholder=HASH,
        recipe=RECIPE,
        revision=None if failed else "ab" * 16,
        variants=() if failed else variants_of(owner, its_id),
        counted=counted_as(status, cause),
        attempts=1,
        attempt_log=(AttemptLine(at=at, what=status.value, worker="w:1", recipe="web"),),
        uploaded_at=at,
        finished_at=at,
    )


def _scored(score: int | Score | None) -> dict[str, int | None]:
    if isinstance(score, Score):
        return {"score" if score.metric is Metric.SSIM else score.metric.value: score.stored}
    return {"score": score}
