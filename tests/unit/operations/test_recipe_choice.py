"""The recipe that an image gets, and the number of catalog reads for the choice."""

from typing import Any

import pytest

from pixelfleet import recipes
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Image, RecipeRef, Status
from pixelfleet.domain.registry import Registry, with_default
from pixelfleet.domain.routes import Route
from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.operations.recipe_choice import REMEMBERED, RecipeChoice
from pixelfleet.operations.recipe_registry import put_recipe
from pixelfleet.operations.routes import RouteOrder, add_route, set_default_recipe
from pixelfleet.settings import Settings
from tests.clock import Clock
from tests.recipes import shop
from tests.unit.operations.fakes import fake_deployment

BUCKET = Settings().uploads_bucket
KEY = "uploads/me/b1/a.jpg"


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def test_the_recipe_of_the_batch_precedes_the_owners_default_and_the_deployments_default_comes_last(
    deployment: Any,
) -> None:
    assert RecipeChoice(deployment).of(None, BUCKET, KEY).name == "web"
    put_recipe(deployment, "ana", shop())
    deployment.recipe_registry.change(lambda registry: with_default(registry, "me", "shop"))
    assert RecipeChoice(deployment).of(None, BUCKET, KEY) == RecipeRef(name="shop", digest=shop().digest)
    assert RecipeChoice(deployment).of(None, BUCKET, "uploads/you/b1/a.jpg").name == "web"
    deployment.batches.create("me", "b2", RecipeRef(name="zoom", digest=recipes.builtin("zoom").digest))
    assert RecipeChoice(deployment).of(None, BUCKET, "uploads/me/b2/a.jpg").name == "zoom"


def test_the_deployments_default_may_be_a_stored_recipe(deployment: Any) -> None:
    deployment.settings = Settings(default_recipe="shop")
    put_recipe(deployment, "ana", shop())
    choice = RecipeChoice(deployment)
    ref = choice.of(None, BUCKET, KEY)
    assert (ref.digest, choice.load(ref)) == (shop().digest, shop())


def test_a_default_recipe_fails_with_a_cause_until_the_recipe_is_stored(deployment: Any) -> None:
    deployment.settings = Settings(default_recipe="shop")
    choice = RecipeChoice(deployment)
    with pytest.raises(
        PermanentError, match="no recipe 'shop' is stored: store one with `pixelfleet recipe put FILE`"
    ) as e:
        choice.load(choice.of(None, BUCKET, KEY))
    assert e.value.cause is Cause.RECIPE_UNKNOWN
    put_recipe(deployment, "ana", shop())
    later = RecipeChoice(deployment)
    assert later.load(later.of(None, BUCKET, KEY)) == shop()


def test_a_new_version_applies_within_a_minute_and_one_read_serves_a_minute(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop(100))
    deployment.recipe_registry.change(lambda registry: with_default(registry, "me", "shop"))
    clock = Clock()
    reads: list[int] = []
    get = deployment.recipe_registry.get

    def counted() -> Registry:
        reads.append(1)
        present: Registry = get()
        return present

    deployment.recipe_registry.get = counted
    choice = RecipeChoice(deployment, clock)
    assert choice.of(None, BUCKET, KEY).digest == shop(100).digest
    deployment.recipe_registry.get = get
    put_recipe(deployment, "ana", shop(200))
    clock.sleep(REMEMBERED - 1)
    assert choice.of(None, BUCKET, KEY).digest == shop(100).digest
    assert len(reads) == 1
    clock.sleep(1)
    assert choice.of(None, BUCKET, KEY).digest == shop(200).digest


def add(deployment: Any, match: str, **given: Any) -> None:
    order = RouteOrder(match, **given)
    add_route(deployment, "ana", order)


def test_the_recipe_of_a_route_precedes_the_recipe_of_the_batch_and_follows_the_images_own(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop())
    add(deployment, "**/*.tif", recipe="archive")
    add(deployment, "uploads/me/**", recipe="shop")
    deployment.batches.create("me", "b1", RecipeRef(name="zoom", digest="d"))
    choice = RecipeChoice(deployment)
    assert choice.of(None, BUCKET, KEY).digest == shop().digest
    assert choice.of(None, BUCKET, "uploads/me/b1/a.tif").name == "archive"
    assert choice.of(None, "other-bucket", KEY).name == "zoom"
    own = RecipeRef(name="catalog", digest="c")
    image = Image(image_id="i", bucket=BUCKET, key=KEY, owner="me", status=Status.READY, chosen_recipe=own)
    assert choice.of(image, BUCKET, KEY) == own


def test_a_route_without_a_recipe_leaves_the_choice_to_the_batch_and_the_owner(deployment: Any) -> None:
    add(deployment, "catalog/**", owner="shop", batch_from="catalog/{batch}/**")
    set_default_recipe(deployment, "ana", "shop", "zoom")
    choice = RecipeChoice(deployment)
    key = "catalog/2026/a.jpg"
    assert choice.place(None, BUCKET, key) == Place("shop", "2026", key)
    assert choice.of(None, BUCKET, key).name == "zoom"
    # The first image of a batch has created the batch.
    assert deployment.batches.get("shop", "2026") is not None


def test_the_first_image_of_a_batch_creates_the_batch_also_if_a_route_has_a_recipe(deployment: Any) -> None:
    add(deployment, "**", recipe="zoom")
    assert RecipeChoice(deployment).of(None, BUCKET, KEY).name == "zoom"
    assert deployment.batches.get("me", "b1") is not None


def test_a_route_does_not_change_the_owner_in_a_key_or_in_a_record(deployment: Any) -> None:
    add(deployment, "**", owner="thief", batch_from="{batch}/**")
    choice = RecipeChoice(deployment)
    assert choice.place(None, BUCKET, KEY) == Place("me", "b1", "a.jpg")
    image = Image(image_id="i", bucket=BUCKET, key="x/a.jpg", owner="default", status=Status.READY)
    assert choice.place(image, BUCKET, "x/a.jpg") == Place("default", None, "x/a.jpg")
    assert choice.place(None, BUCKET, "x/a.jpg") == Place("thief", "x", "x/a.jpg")


def test_a_route_that_this_release_cannot_read_leaves_the_image_to_a_newer_release(deployment: Any) -> None:
    newer = Route(route_id="r", bucket=BUCKET, match="a***", recipe="zoom", at="", who="")
    deployment.recipe_registry.change(lambda registry: registry.model_copy(update={"routes": (newer,)}))
    with pytest.raises(TransientError, match="route r cannot be read by this release"):
        RecipeChoice(deployment).of(None, BUCKET, KEY)
