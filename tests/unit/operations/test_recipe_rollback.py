"""A rollback takes back every image of the newer recipe, and no image that somebody gave another recipe meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest

from pixelfleet.domain.jobs import Lane, Origin
from pixelfleet.domain.records import Image, RecipeRef, Status, as_member
from pixelfleet.errors import SetupError
from pixelfleet.operations.kept_revisions import announce_current
from pixelfleet.operations.recipe_rollback import Rollback, images_of, roll_back
from pixelfleet.operations.stopping import StopAskedError
from tests.unit.operations.fakes import fake_deployment
from tests.unit.operations.test_rollout import NEW_REF, OLD_REF, attempt, made

THIRD = RecipeRef(name="third", digest="3" * 64)


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def rolled_out(deployment: Any, count: int) -> list[Image]:
    """Images of ana's batch b1 that the newer recipe made after the older one."""
    ids = made(deployment, count)
    for image_id in ids:
        again(deployment, image_id, NEW_REF)
    return [deployment.images.get(image_id) for image_id in ids]


def again(deployment: Any, image_id: str, recipe: RecipeRef) -> None:
    marked = deployment.images.queue_again(deployment.images.get(image_id), "ben", Origin.REPROCESS, recipe)
    attempt(deployment, marked, recipe)


def back(deployment: Any, images: Iterator[Image]) -> Rollback:
    return roll_back(deployment, images, (NEW_REF, OLD_REF), "ana", lambda _: None)


def recipes_of(deployment: Any, images: list[Image]) -> list[RecipeRef]:
    return [deployment.images.get(image.image_id).revision_recipe for image in images]


def test_images_return_to_the_kept_results_and_are_announced_under_a_new_id(deployment: Any) -> None:
    images = rolled_out(deployment, 3)
    assert back(deployment, images_of(deployment, "ana", "b1")) == Rollback(back=3)
    assert recipes_of(deployment, images) == [OLD_REF] * 3
    assert len(set(deployment.notices.images)) == 3
    assert back(deployment, images_of(deployment, "ana", None)) == Rollback()


def test_a_rollback_of_a_recipe_to_itself_is_refused(deployment: Any) -> None:
    images = rolled_out(deployment, 1)
    with pytest.raises(SetupError, match="shop and shop are the same recipe: name the version to go back to by --to"):
        roll_back(deployment, iter(images), (NEW_REF, NEW_REF), "ana", lambda _: None)


def test_an_image_that_another_recipe_made_since_it_was_read_stays(deployment: Any) -> None:
    images = rolled_out(deployment, 2)
    again(deployment, images[0].image_id, THIRD)
    assert back(deployment, iter(images)) == Rollback(back=1)
    assert recipes_of(deployment, images) == [THIRD, OLD_REF]


def test_an_image_of_a_batch_that_becomes_ready_during_the_rollback_is_taken_back(deployment: Any) -> None:
    """A worker ends its attempt between two pages of the index."""
    [image] = rolled_out(deployment, 1)
    marked = deployment.images.queue_again(image, "ben", Origin.REPROCESS, NEW_REF)
    of_batch = deployment.images.of_batch

    def quick(owner: str, batch: str, status: Status) -> Any:
        entries = list(of_batch(owner, batch, status))
        if deployment.images.get(image.image_id).status is Status.QUEUED:
            attempt(deployment, marked, NEW_REF)
        return iter(entries)

    deployment.images.of_batch = quick
    result = back(deployment, images_of(deployment, "ana", "b1"))
    assert (result.back, result.busy) == (1, 0)
    assert recipes_of(deployment, [image]) == [OLD_REF]


def test_an_image_under_way_is_counted_once_and_taken_back_by_the_next_run(deployment: Any) -> None:
    [image] = rolled_out(deployment, 1)
    marked = deployment.images.queue_again(image, "ben", Origin.REPROCESS, NEW_REF)
    assert back(deployment, iter([marked, marked])) == Rollback(busy=1)
    attempt(deployment, marked, NEW_REF)
    assert back(deployment, images_of(deployment, "ana", "b1")) == Rollback(back=1)


def test_the_job_for_aliases_of_a_lane_that_only_a_newer_release_has_goes_to_heavy(deployment: Any) -> None:
    [image] = rolled_out(deployment, 1)
    deployment.settings = deployment.settings.model_copy(update={"alias": "{stem}_{variant}.{ext}"})
    announce_current(deployment, image.model_copy(update={"lane": as_member(Lane, "gigantic")}))
    assert [lane for lane, _ in deployment.queues.sent] == [Lane.HEAVY]


def test_a_rollback_that_somebody_stops_keeps_the_images_that_are_back_and_is_noted_as_stopped(deployment: Any) -> None:
    images = rolled_out(deployment, 3)

    def stopped() -> Iterator[Image]:
        yield images[0]
        raise StopAskedError

    with pytest.raises(StopAskedError):
        back(deployment, stopped())
    assert recipes_of(deployment, images) == [OLD_REF, NEW_REF, NEW_REF]
    [note] = [action for action in deployment.activity.actions() if action.what == "roll back"]
    assert (note.details["back"], note.details["outcome"]) == (1, "stopped")
