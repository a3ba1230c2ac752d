"""Which recipe an image gets, and how often the catalog is read for it."""

from typing import Any

import pytest

from pixelfleet import recipes
from pixelfleet.domain.keys import place_of
from pixelfleet.domain.records import RecipeRef
from pixelfleet.domain.registry import Registry, with_default
from pixelfleet.errors import Cause, PermanentError
from pixelfleet.operations.recipe_choice import REMEMBERED, RecipeChoice
from pixelfleet.operations.recipe_registry import put_recipe
from pixelfleet.settings import Settings
from tests.clock import Clock
from tests.recipes import shop
from tests.unit.operations.fakes import fake_deployment

PLACE = place_of("uploads/me/b1/a.jpg")


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def test_the_batchs_recipe_comes_before_the_owners_and_that_before_the_deployments(deployment: Any) -> None:
    assert RecipeChoice(deployment).of(None, PLACE).name == "web"
    put_recipe(deployment, "ana", shop())
    deployment.recipe_registry.change(lambda registry: with_default(registry, "me", "shop"))
    assert RecipeChoice(deployment).of(None, PLACE) == RecipeRef(name="shop", digest=shop().digest)
    assert RecipeChoice(deployment).of(None, place_of("uploads/you/b1/a.jpg")).name == "web"
    deployment.batches.create("me", "b2", RecipeRef(name="zoom", digest=recipes.builtin("zoom").digest))
    assert RecipeChoice(deployment).of(None, place_of("uploads/me/b2/a.jpg")).name == "zoom"


def test_the_deployments_default_may_be_a_stored_recipe(deployment: Any) -> None:
    deployment.settings = Settings(default_recipe="shop")
    put_recipe(deployment, "ana", shop())
    choice = RecipeChoice(deployment)
    ref = choice.of(None, PLACE)
    assert (ref.digest, choice.load(ref)) == (shop().digest, shop())


def test_a_default_that_nobody_stored_fails_with_a_cause_until_it_is_stored(deployment: Any) -> None:
    deployment.settings = Settings(default_recipe="shop")
    choice = RecipeChoice(deployment)
    with pytest.raises(
        PermanentError, match="no recipe 'shop' is stored: store one with `pixelfleet recipe put FILE`"
    ) as e:
        choice.load(choice.of(None, PLACE))
    assert e.value.cause is Cause.RECIPE_UNKNOWN
    put_recipe(deployment, "ana", shop())
    later = RecipeChoice(deployment)
    assert later.load(later.of(None, PLACE)) == shop()


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
    assert choice.of(None, PLACE).digest == shop(100).digest
    deployment.recipe_registry.get = get
    put_recipe(deployment, "ana", shop(200))
    clock.sleep(REMEMBERED - 1)
    assert choice.of(None, PLACE).digest == shop(100).digest
    assert len(reads) == 1
    clock.sleep(1)
    assert choice.of(None, PLACE).digest == shop(200).digest
