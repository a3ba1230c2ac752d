"""After a change of a recipe, the images that would get another recipe now are counted or processed again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, Status
from pixelfleet.operations.recipe_registry import put_recipe
from pixelfleet.operations.reconcile.outdated import OutdatedImages, outdated_images
from pixelfleet.operations.reconcile.run import ReconcileOrder, reconcile
from pixelfleet.operations.reconcile.verdict import Verdict
from pixelfleet.operations.routes import RouteOrder, add_route
from tests.fakes.records import RECIPE, image_of, key_of, record
from tests.recipes import shop
from tests.unit.operations.fakes import fake_deployment

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def deployment() -> Any:
    """Two images of ana, to which a route gives another recipe now, and an image of ben, which keeps its recipe."""
    composed = fake_deployment()
    composed.metrics = None
    for owner, name in (("ana", "a.jpg"), ("ana", "b.jpg"), ("ben", "a.jpg")):
        composed.batches.create(owner, "b1", RECIPE)
        record(composed, owner, "b1", name)
        composed.bucket.objects[key_of(owner, "b1", name)] = "e1"
    put_recipe(composed, "olga", shop())
    add_route(composed, "olga", RouteOrder("uploads/ana/**", recipe="shop"))
    return composed


def go_on(_: OutdatedImages) -> bool:
    return True


def test_a_count_queues_nothing_and_is_not_noted(deployment: Any) -> None:
    notes = len(list(deployment.activity.actions()))
    result = outdated_images(deployment, "olga", LATER, go_on, count=True)
    assert (result.outdated, result.seen, result.sent, result.complete) == (2, 3, 0, True)
    assert result.in_words() == "2 images get another recipe now"
    assert deployment.queues.sent == []
    assert len(list(deployment.activity.actions())) == notes


def test_images_that_get_another_recipe_are_queued_and_other_images_stay(deployment: Any) -> None:
    result = outdated_images(deployment, "olga", LATER, go_on)
    assert sorted(job.key for _, job in deployment.queues.sent) == [
        key_of("ana", "b1", name) for name in ("a.jpg", "b.jpg")
    ]
    assert result.in_words() == "2 images were queued to be made again"
    [note] = [action for action in deployment.activity.actions() if action.what == "make outdated images again"]
    assert (note.who, note.details) == ("olga", {"outdated": 2, "sent": 2, "outcome": "done"})


def test_a_count_that_ends_at_its_bound_is_shown_as_at_least(deployment: Any) -> None:
    for number in range(1_000):
        deployment.bucket.objects[key_of("zed", "b1", f"{number}")] = "e1"
    result = outdated_images(deployment, "olga", LATER, go_on, count=True, most=1_000)
    assert (result.seen, result.complete) == (1_000, False)
    assert result.in_words() == "at least 2 images get another recipe now, among the first 1,000 objects"


def test_a_pass_stops_after_the_thousand_objects_at_which_a_stop_is_requested(deployment: Any) -> None:
    for number in range(1_000):
        deployment.bucket.objects[key_of("zed", "b1", f"{number}")] = "e1"
    result = outdated_images(deployment, "olga", LATER, lambda _: False)
    assert (result.seen, result.complete, result.outdated, result.sent) == (1_000, False, 2, 999)
    [note] = [action for action in deployment.activity.actions() if action.what == "make outdated images again"]
    assert note.details["outcome"] == "stopped"


def adopt(deployment: Any, key: str, **changes: Any) -> Image:
    """A ready image of the adopted bucket `masters`, made by RECIPE."""
    its_id = image_id("masters", key)
    image = image_of("museum", "scans", 1).model_copy(update={"bucket": "masters", "key": key, "image_id": its_id})
    added: Image = deployment.images.add(image.model_copy(update=changes))
    return added


def test_images_of_adopted_buckets_are_counted_by_the_routes_of_their_bucket(deployment: Any) -> None:
    add_route(deployment, "olga", RouteOrder("scans/**", recipe="shop", bucket="masters"))
    adopt(deployment, "scans/1.tif")
    adopt(deployment, "scans/2.tif", status=Status.FAILED)
    adopt(deployment, "scans/3.tif", recipe=deployment.recipe_registry.get().ref("shop"))
    deployment.batches.create("museum", "scans", RECIPE)
    adopt(deployment, "other/4.tif")
    result = outdated_images(deployment, "olga", LATER, go_on, count=True)
    assert (result.outdated, result.seen, result.sent) == (3, 6, 0)


def test_images_of_adopted_buckets_are_made_again(deployment: Any) -> None:
    add_route(deployment, "olga", RouteOrder("scans/**", recipe="shop", bucket="masters"))
    adopted = adopt(deployment, "scans/1.tif")
    result = outdated_images(deployment, "olga", LATER, go_on)
    assert result.sent == 3
    assert [job.key for _, job in deployment.queues.sent if job.bucket == "masters"] == [adopted.key]


def test_a_count_of_adopted_images_ends_at_its_bound(deployment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelfleet.operations.reconcile.outdated.MOST_PAGES", 0)
    adopt(deployment, "scans/1.tif")
    result = outdated_images(deployment, "olga", LATER, go_on, count=True)
    assert (result.outdated, result.complete) == (2, False)


@pytest.mark.parametrize(("prefix", "count"), [("", 3), ("uploads/", 2)])
def test_a_reconcile_of_outdated_images_takes_adopted_buckets_unless_it_names_a_part(
    deployment: Any, prefix: str, count: int
) -> None:
    add_route(deployment, "olga", RouteOrder("scans/**", recipe="shop", bucket="masters"))
    adopt(deployment, "scans/1.tif")
    order = ReconcileOrder(who="olga", prefix=prefix, outdated=True, dry_run=True)
    assert reconcile(deployment, order, LATER).result.verdicts[Verdict.OUTDATED] == count
