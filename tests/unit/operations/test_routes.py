"""Changes of routes are checked and noted, and the route of a key is explained with reasons."""

from typing import Any

import pytest

from pixelfleet.domain.jobs import Job, JobKind
from pixelfleet.domain.records import RecipeRef
from pixelfleet.domain.registry import StoredRecipe, with_recipe
from pixelfleet.errors import SetupError
from pixelfleet.operations.routes import RouteOrder, add_route, explain_key, remove_route, set_default_recipe
from tests.unit.operations.fakes import fake_deployment

SHOP = StoredRecipe(name="shop", digest="d", number=1, at="", who="")


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def reasons(deployment: Any, key: str) -> str:
    return " ".join(explain_key(deployment, key).reasons)


def test_changes_of_routes_are_noted(deployment: Any) -> None:
    added = add_route(deployment, "ana", RouteOrder("a/**", recipe="zoom", priority=7)).route
    remove_route(deployment, "ben", added.route_id)
    set_default_recipe(deployment, "ana", "me", "zoom")
    set_default_recipe(deployment, "ana", "me", "zoom")
    noted = [(action.who, action.what, action.on) for action in deployment.activity.actions()]
    assert sorted(noted) == [
        ("ana", "add route", "a/**"),
        ("ana", "default recipe", "me"),
        ("ben", "remove route", "a/**"),
    ]
    assert deployment.recipe_registry.get().routes == ()


def test_the_results_bucket_and_a_recipe_that_is_not_stored_are_refused(deployment: Any) -> None:
    with pytest.raises(SetupError, match="the bucket of results"):
        add_route(deployment, "ana", RouteOrder("a", recipe="web", bucket=deployment.settings.results_bucket))
    with pytest.raises(SetupError, match="no recipe 'shop' is stored: store it with `pixelfleet recipe put FILE`"):
        add_route(deployment, "ana", RouteOrder("a", recipe="shop"))
    deployment.recipe_registry.change(lambda registry: with_recipe(registry, SHOP))
    with pytest.raises(SetupError, match=r"'shop@1' names one version of 'shop'.*newest version: name 'shop'"):
        add_route(deployment, "ana", RouteOrder("a", recipe="shop@1"))
    with pytest.raises(SetupError, match="no recipe 'other@1' is stored"):
        add_route(deployment, "ana", RouteOrder("a", recipe="other@1"))
    with pytest.raises(SetupError, match="no owner can be called 'a b'"):
        set_default_recipe(deployment, "ana", "a b", "web")
    assert deployment.recipe_registry.get().routes == ()


def test_the_answer_to_a_new_route_names_the_routes_that_it_blocks(deployment: Any) -> None:
    first = add_route(deployment, "ana", RouteOrder("a/**", recipe="web")).route
    added = add_route(deployment, "ana", RouteOrder("**", recipe="zoom", first=True))
    assert [route.route_id for route in added.blocked] == [first.route_id]
    assert add_route(deployment, "ana", RouteOrder("b/**", recipe="web", first=True)).blocked == ()


def test_a_key_is_explained(deployment: Any) -> None:
    assert "has no routes. A key that no route takes belongs to the owner default" in reasons(deployment, "a/b.jpg")
    add_route(deployment, "ana", RouteOrder("a/*.png", recipe="zoom"))
    add_route(deployment, "ana", RouteOrder("a/**", owner="shop", batch_from="a/{batch}/**"))
    assert "(a/**) is the first that matches, after 1 that does not match." in reasons(deployment, "a/b/c.jpg")
    assert "The recipe web is the deployment's default." in reasons(deployment, "a/b/c.jpg")
    assert "It is in no batch: a/{batch}/** does not fit" in reasons(deployment, "a/b.jpg")
    assert "The recipe zoom is the route's." in reasons(deployment, "a/b.png")
    assert "None of the 2 routes" in reasons(deployment, "x")
    set_default_recipe(deployment, "ana", "shop", "catalog")
    assert "The recipe catalog is the default of shop." in reasons(deployment, "a/b/c.jpg")
    deployment.batches.create("shop", "b", RecipeRef(name="archive", digest="d"))
    assert "The recipe archive is that of the batch shop/b." in reasons(deployment, "a/b/c.jpg")
    assert "The key says itself whose it is" in reasons(deployment, "uploads/me/b1/a.jpg")
    assert deployment.batches.get("me", "b1") is None


def test_an_existing_image_keeps_its_owner_and_the_recipe_that_was_chosen_for_it(deployment: Any) -> None:
    bucket = deployment.settings.uploads_bucket
    deployment.images.remove(Job(JobKind.REMOVE, bucket, "a/b.jpg", sequencer="05"), "w1")
    add_route(deployment, "ana", RouteOrder("a/**", owner="shop"))
    answer = explain_key(deployment, "a/b.jpg")
    assert answer.place.owner == "default"
    assert "There is an image of this key, which keeps its owner" in " ".join(answer.reasons)


@pytest.mark.parametrize("key", ["", "x" * 1_025])
def test_an_empty_key_and_a_key_that_is_too_long_are_refused(deployment: Any, key: str) -> None:
    with pytest.raises(SetupError, match="a key has 1 to 1,024 bytes"):
        explain_key(deployment, key)


def test_a_key_from_which_nothing_is_processed_is_not_explained_as_an_image(deployment: Any) -> None:
    assert "An empty object of this key is a folder marker: nothing is processed from it." in reasons(deployment, "a/")
    with pytest.raises(SetupError, match="'s3://masters' is no name of a bucket"):
        explain_key(deployment, "a/b.jpg", "s3://masters")
    with pytest.raises(SetupError, match="the bucket of results, from which nothing is processed"):
        explain_key(deployment, "a/b.jpg", deployment.settings.results_bucket)
