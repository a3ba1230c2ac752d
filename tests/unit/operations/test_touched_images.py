"""After a change of the routes, the images that this change gives another recipe are counted by recipe."""

from typing import Any

import pytest

from pixelfleet.domain.keys import image_id
from pixelfleet.errors import Cause
from pixelfleet.operations.recipe_registry import put_recipe
from pixelfleet.operations.routes import RouteOrder, add_route, remove_route
from pixelfleet.operations.touched_images import TouchedImages, touched_images
from tests.fakes.records import RECIPE, image_of, key_of, record
from tests.recipes import shop
from tests.unit.operations.fakes import fake_deployment

OTHER = RECIPE.model_copy(update={"name": "former", "digest": "f" * 64})


@pytest.fixture
def deployment() -> Any:
    """Batches of ana and ben that are made by RECIPE, one image of each; the recipe shop is stored."""
    composed = fake_deployment()
    for owner in ("ana", "ben"):
        composed.batches.create(owner, "b1", RECIPE)
        upload(composed, owner, "a.jpg")
    put_recipe(composed, "olga", shop())
    return composed


def upload(deployment: Any, owner: str, name: str, **changes: Any) -> None:
    record(deployment, owner, "b1", name, **changes)
    deployment.bucket.objects[key_of(owner, "b1", name)] = "e1"


def add(deployment: Any, bucket: str, key: str, **changes: Any) -> None:
    """A ready image of the owner ana, made by RECIPE."""
    place = {"bucket": bucket, "key": key, "image_id": image_id(bucket, key)}
    deployment.images.add(image_of("ana", "b1", 1).model_copy(update=place | changes))


def go_on(_: TouchedImages) -> bool:
    return True


def test_the_images_of_the_keys_of_an_added_route_are_counted_by_recipe(deployment: Any) -> None:
    upload(deployment, "ana", "b.jpg")
    upload(deployment, "ana", "c.jpg", recipe=OTHER)
    change = add_route(deployment, "olga", RouteOrder("uploads/ana/**", recipe="shop")).change
    counted = touched_images(deployment, change, go_on)
    assert counted.in_words() == (
        f"2 images were made by {RECIPE.name}, would now be made by shop; "
        "1 image was made by former, would now be made by shop"
    )
    assert (counted.images, counted.complete) == (3, True)


def test_images_that_are_outdated_for_another_reason_are_not_counted(deployment: Any) -> None:
    """The image of ben, whose batch has another recipe, and an image that a route with a recipe takes already."""
    upload(deployment, "ben", "old.jpg", recipe=OTHER)
    upload(deployment, "ana", "routed.tif", recipe=OTHER)
    add_route(deployment, "olga", RouteOrder("uploads/**/*.tif", recipe="zoom"))
    add(deployment, deployment.settings.uploads_bucket, key_of("ana", "b1", "chosen.jpg"), chosen_recipe=OTHER)
    deployment.bucket.objects[key_of("ana", "b1", "chosen.jpg")] = "e1"
    upload(deployment, "ana", "failed.jpg", cause=Cause.UNREADABLE)
    upload(deployment, "ana", "shop.jpg", recipe=deployment.recipe_registry.get().ref("shop"))
    change = add_route(deployment, "olga", RouteOrder("uploads/ana/**", recipe="shop")).change
    assert touched_images(deployment, change, go_on).images == 1


def test_images_return_to_the_recipe_of_their_batch_when_a_route_is_removed(deployment: Any) -> None:
    added = add_route(deployment, "olga", RouteOrder("uploads/ana/**", recipe="shop"))
    upload(deployment, "ana", "b.jpg", recipe=deployment.recipe_registry.get().ref("shop"))
    change = remove_route(deployment, "olga", added.route.route_id)
    counted = touched_images(deployment, change, go_on)
    assert counted.in_words() == f"1 image was made by shop, would now be made by {RECIPE.name}"


def test_a_route_without_a_recipe_touches_no_image_and_writes_no_batch(deployment: Any) -> None:
    change = add_route(deployment, "olga", RouteOrder("new/**", owner="zed", batch_from="new/{batch}/**")).change
    deployment.bucket.objects["new/b9/a.jpg"] = "e1"
    counted = touched_images(deployment, change, go_on)
    assert counted.in_words() == "no image gets another recipe by this change"
    assert deployment.batches.get("zed", "b9") is None


def test_images_of_an_adopted_bucket_are_counted_by_their_records(deployment: Any) -> None:
    for key in ("scans/1.tif", "scans/2.tif", "other/3.tif"):
        add(deployment, "masters", key)
    change = add_route(deployment, "olga", RouteOrder("scans/**", recipe="shop", bucket="masters")).change
    counted = touched_images(deployment, change, go_on)
    assert (counted.images, counted.seen) == (2, 3)


def test_a_count_ends_at_its_bound_or_when_it_is_stopped_and_says_so(deployment: Any) -> None:
    for number in range(1_000):
        deployment.bucket.objects[key_of("ana", "b1", f"z{number}")] = "e1"
    change = add_route(deployment, "olga", RouteOrder("uploads/**", recipe="shop")).change
    counted = touched_images(deployment, change, go_on, most=1_000)
    assert counted.in_words() == (
        f"at least 1 image was made by {RECIPE.name}, would now be made by shop, among the first 1,000 objects"
    )
    assert touched_images(deployment, change, lambda _: False).complete is False


def test_only_records_of_the_changed_keys_are_read_and_their_cost_is_said_from_a_cent(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    get_many = deployment.images.get_many

    def reading(image_ids: list[str]) -> Any:
        read.extend(image_ids)
        return get_many(image_ids)

    monkeypatch.setattr(deployment.images, "get_many", reading)
    change = add_route(deployment, "olga", RouteOrder("uploads/ana/**", recipe="shop")).change
    counted = touched_images(deployment, change, go_on)
    assert read == [image_id(deployment.settings.uploads_bucket, key_of("ana", "b1", "a.jpg"))]
    assert "cost" not in counted.in_words()
    counted.dollars = 0.031
    assert counted.in_words().endswith("would now be made by shop (the reads cost about $0.03)")


def test_two_versions_of_one_recipe_are_told_apart(deployment: Any) -> None:
    upload(deployment, "ana", "old.jpg", recipe=OTHER.model_copy(update={"name": "shop"}))
    change = add_route(deployment, "olga", RouteOrder("uploads/ana/b1/old.jpg", recipe="shop")).change
    words = touched_images(deployment, change, go_on).in_words()
    assert words == f"1 image was made by shop@{'f' * 12}, would now be made by shop@{shop().digest[:12]}"
