"""A worker makes a lazy variant by a job that the dashboard sent."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pixelfleet import recipes
from pixelfleet.aws.cdn import Cdn
from pixelfleet.domain.jobs import Job, Lane, Origin, decode_message
from pixelfleet.domain.lazy_variants import lazy_job
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause, LeaseLostError, PermanentError, TransientError, WrongLaneError
from pixelfleet.images.pipeline import render
from pixelfleet.operations.invalidation import send_invalidations
from pixelfleet.operations.lazy_variants import LazyRecipes, send_lazy
from pixelfleet.operations.recipe_texts import store_recipe
from tests.clock import Clock
from tests.fakes.cloudfront import DURATION, FakeCloudFront
from tests.unit.worker.job.desk import Desk, Held
from worker.job.process import Processor

Fails = Callable[[BaseException | None], None]
RECIPE = recipes.parse(
    """
name = "shop"
[[variants]]
name = "large"
box = 30
format = ["webp", "jpeg"]
lazy = true
[[variants]]
name = "thumb"
box = 10
[[variants]]
name = "back"
page = 2
lazy = true
""",
    "shop.toml",
)


def upload(desk: Desk) -> Image:
    """An image whose lazy variants are not made."""
    desk.deployment.batches.create("me", "b1", store_recipe(desk.deployment, RECIPE))
    image = desk.do(desk.put())
    assert image is not None
    return image


def names(image: Image) -> list[tuple[str, str]]:
    return [(variant.name, variant.format) for variant in image.variants]


def test_an_upload_makes_no_lazy_variant(desk: Desk) -> None:
    image = upload(desk)
    assert names(image) == [("thumb", "jpeg")]
    assert desk.results() == {image.variants[0].key}


def test_a_job_makes_its_variant_in_all_formats_and_changes_nothing_else(desk: Desk) -> None:
    image = upload(desk)
    desk.notices()
    assert desk.do(lazy_job(image, "large")) is None
    made = desk.image(image.job(Origin.EVENT))
    assert names(made) == [("large", "webp"), ("large", "jpeg"), ("thumb", "jpeg")]
    assert desk.results() == {variant.key for variant in made.variants}
    assert {variant.key.rpartition("/")[0] for variant in made.variants} == {image.variants[0].key.rpartition("/")[0]}
    assert (made.status, made.outcome, made.finished_at) == (Status.READY, image.outcome, image.finished_at)
    assert made.attempt_log == image.attempt_log
    assert desk.notices() == []
    # The bytes are those of the engine with this variant alone.
    assert made.variants[0].width == 30


def test_a_second_job_renders_nothing(desk: Desk, fails: Fails) -> None:
    image = upload(desk)
    desk.do(lazy_job(image, "large"))
    fails(AssertionError("rendered twice"))
    desk.do(lazy_job(image, "large"))
    assert len(desk.results()) == 3


def test_a_job_of_an_earlier_revision_of_a_removed_image_or_of_no_lazy_variant_renders_nothing(
    desk: Desk, fails: Fails
) -> None:
    image = upload(desk)
    fails(AssertionError("rendered"))
    desk.do(replace(lazy_job(image, "large"), revision="cd" * 16))
    desk.do(lazy_job(image, "thumb"))
    desk.do(lazy_job(image, "other"))
    desk.do(desk.delete())
    desk.do(lazy_job(image, "large"))
    assert desk.results() == set()


def test_a_variant_of_a_revision_that_is_replaced_meanwhile_is_thrown_away(desk: Desk) -> None:
    image = upload(desk)
    newer: list[int] = []

    def replaced(*arguments: Any) -> Any:
        if not newer:
            newer.append(1)
            desk.do(desk.put((50, 20), sequencer="06"))
        return render(*arguments)

    desk.render_by(replaced)
    desk.do(lazy_job(image, "large"))
    present = desk.image(image.job(Origin.EVENT))
    assert names(present) == [("thumb", "jpeg")]
    assert desk.results() == {present.variants[0].key}


def test_a_variant_of_an_image_that_is_removed_meanwhile_leaves_no_result(desk: Desk) -> None:
    image = upload(desk)

    def removed(*arguments: Any) -> Any:
        desk.do(desk.delete())
        return render(*arguments)

    desk.render_by(removed)
    desk.do(lazy_job(image, "large"))
    assert desk.results() == set()


def test_a_variant_that_a_slow_attempt_stores_again_after_the_removal_leaves_the_edge_caches_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt recorded the variant, so that the caches may have it again from the second."""
    clock = Clock()
    cloudfront: Any = FakeCloudFront(clock)
    vars(desk.deployment)["cdn"] = Cdn(cloudfront, "E1")
    image, quick, store = upload(desk), Processor(desk.deployment), desk.deployment.objects.store
    frozen: list[str] = []

    def store_after_a_long_time(path: Any, key: str, attributes: Any) -> str:
        if not frozen:
            frozen.append(key)
            quick.carry_out(lazy_job(image, "large"), Lane.BULK, Held())
            quick.carry_out(desk.delete(), Lane.BULK, Held())
            assert send_invalidations(desk.deployment)
            clock.now += 2 * DURATION
        return store(path, key, attributes)

    monkeypatch.setattr(desk.deployment.objects, "store", store_after_a_long_time)
    try:
        desk.do(lazy_job(image, "large"))
        for message in desk.bodies(desk.settings.bulk_queue_url):
            desk.do(decode_message(message["Body"]))
        removed = desk.image(image.job(Origin.EVENT))
        assert (removed.status, removed.superseded, desk.results()) == (Status.DELETED, (), set())
        assert send_invalidations(desk.deployment)
        assert cloudfront.forgotten_since(clock.now, f"/i/{image.owner}/{image.image_id}/r/large.webp")
    finally:
        del vars(desk.deployment)["cdn"]


def test_a_variant_of_the_revision_that_is_still_shown_is_made_of_its_own_version(desk: Desk, fails: Fails) -> None:
    """A newer version of the object failed: its results are those of the version before."""
    image = upload(desk)
    fails(PermanentError(Cause.UNREADABLE, "broken"))
    desk.do(desk.put((400, 20), sequencer="06"))
    fails(None)
    assert desk.image(image.job(Origin.EVENT)).status is Status.FAILED
    desk.do(lazy_job(image, "large"))
    made = desk.image(image.job(Origin.EVENT))
    assert (made.status, made.variants[0].name) == (Status.FAILED, "large")
    # 40 x 30 in a box of 30, not 400 x 20.
    assert (made.variants[0].width, made.variants[0].height) == (30, 22)


def test_a_fault_of_the_image_is_noted_with_its_cause_and_the_image_stays_ready(desk: Desk) -> None:
    image = upload(desk)
    assert desk.do(lazy_job(image, "back")) is None
    noted = desk.image(image.job(Origin.EVENT))
    assert noted.status is Status.READY
    [note] = noted.lazy_notes
    assert (note.variant, note.revision, note.cause) == ("back", image.revision, Cause.PAGE_MISSING)
    assert "shows page 2" in note.message


@pytest.mark.parametrize(
    "error", [WrongLaneError("too large"), TransientError(Cause.OUT_OF_MEMORY, "m"), MemoryError()]
)
def test_a_variant_that_needs_more_than_bulk_has_goes_to_heavy(desk: Desk, fails: Fails, error: Exception) -> None:
    image = upload(desk)
    fails(error)
    desk.do(lazy_job(image, "large"))
    [sent] = desk.bodies(desk.settings.heavy_queue_url)
    assert decode_message(sent["Body"]) == lazy_job(image, "large")


def test_an_error_of_the_machine_leaves_the_message_until_the_last_attempt(desk: Desk, fails: Fails) -> None:
    image = upload(desk)
    fails(TransientError(Cause.CRASHED, "died"))
    with pytest.raises(TransientError):
        desk.do(lazy_job(image, "large"))
    assert desk.image(image.job(Origin.EVENT)).lazy_notes == ()
    desk.do(lazy_job(image, "large"), hold=Held(receives=desk.settings.max_attempts))
    [note] = desk.image(image.job(Origin.EVENT)).lazy_notes
    assert note.cause is Cause.CRASHED


def test_a_lost_lease_stores_nothing(desk: Desk) -> None:
    image = upload(desk)
    with pytest.raises(LeaseLostError):
        desk.do(lazy_job(image, "large"), hold=Held(lost=True))
    assert len(desk.results()) == 1


def test_a_request_sends_one_job_and_notes_that_it_is_under_way(desk: Desk) -> None:
    image = upload(desk)
    lazy = LazyRecipes(desk.deployment).find(image, "large")
    assert lazy is not None
    noted = send_lazy(desk.deployment, image, lazy)
    assert isinstance(noted, Image)
    [message] = desk.bodies(desk.settings.bulk_queue_url)
    job: Job = decode_message(message["Body"])
    assert json.loads(message["Body"])["properties"]["delivery_info"]["routing_key"] == Lane.BULK
    desk.do(job)
    made = desk.image(image.job(Origin.EVENT))
    assert (made.lazy_notes, made.variants[0].name) == ((), "large")


def test_extensions_are_those_of_the_formats_that_the_engine_writes(desk: Desk, tmp_path: Path) -> None:
    from pixelfleet.images.encode import encoding_of  # noqa: PLC0415 - libvips

    image = upload(desk)
    lazy = LazyRecipes(desk.deployment).find(image, "large")
    assert lazy is not None
    for one in lazy.variant.encodings:
        assert lazy.may_have(encoding_of(one).extension.removeprefix("."))
    assert not lazy.may_have("avif")
    assert lazy.may_have(None)
