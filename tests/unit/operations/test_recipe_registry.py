"""Recipes by name: versions are kept, and a recipe in use is not removed."""

from pathlib import Path
from typing import Any

import pytest

from pixelfleet import recipes
from pixelfleet.domain.registry import MOST_DEFAULTS, MOST_RECIPES, Registry, StoredRecipe, with_default, with_recipe
from pixelfleet.errors import RecipeError, SetupError
from pixelfleet.operations.recipe_registry import (
    difference,
    known_recipe,
    put_recipe,
    recipe_named,
    remove_recipe,
    stored_texts,
)
from pixelfleet.recipes import MAX_TEXT_BYTES, Recipe
from pixelfleet.recipes.names import is_local
from pixelfleet.settings import Settings
from tests.recipes import shop
from tests.unit.operations.fakes import fake_deployment


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def test_a_recipe_is_stored_with_its_number_its_author_and_its_text(deployment: Any) -> None:
    answer = put_recipe(deployment, "ana", shop())
    assert (answer.recipe.number, answer.recipe.who, answer.before, answer.changed) == (1, "ana", None, True)
    assert (answer.recipe.description, answer.recipe.variants) == ("for the shop", ("card",))
    assert recipe_named(deployment, "shop").digest == shop().digest == answer.recipe.digest
    [action] = deployment.activity.actions()
    assert (action.who, action.what, action.on, action.details["version"]) == ("ana", "put recipe", "shop", 1)


def test_storing_the_same_recipe_again_makes_no_new_version(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop())
    again = put_recipe(deployment, "ben", shop())
    assert (again.changed, again.recipe.number, again.recipe.who) == (False, 1, "ana")
    assert len(deployment.recipe_registry.versions("shop")) == len(list(deployment.activity.actions())) == 1


def test_every_version_is_read_by_its_number_and_by_its_digest(deployment: Any) -> None:
    widths = (100, 200, 100)
    for width in widths:
        put_recipe(deployment, "ana", shop(width))
    assert [version.number for version in deployment.recipe_registry.versions("shop")] == [1, 2, 3]
    found = [recipe_named(deployment, f"shop@{number}").digest for number in (1, 2, 3)]
    assert found == [shop(width).digest for width in widths]
    assert recipe_named(deployment, f"shop@{shop(200).digest[:10]}") == shop(200)
    assert recipe_named(deployment, "shop") == shop(100)
    with pytest.raises(RecipeError, match=r"has no version '4'; `pixelfleet recipe show shop --versions`"):
        recipe_named(deployment, "shop@4")


def test_a_recipe_that_is_stored_again_after_its_removal_continues_its_version_numbers(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop(100))
    remove_recipe(deployment, "ana", "shop")
    assert put_recipe(deployment, "ana", shop(200)).recipe.number == 2
    assert recipe_named(deployment, "shop@1") == shop(100)


def test_a_built_in_name_is_refused(deployment: Any) -> None:
    with pytest.raises(SetupError, match="'web' is a built-in recipe"):
        put_recipe(deployment, "ana", shop(name="web"))
    assert deployment.recipe_registry.get() == Registry()


def test_a_recipe_too_large_for_an_item_is_refused_and_not_stored(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "x" * (MAX_TEXT_BYTES + 1)
    monkeypatch.setattr(Recipe, "to_text", lambda _: text)
    with pytest.raises(RecipeError, match="350,001 bytes with its watermark pictures"):
        put_recipe(deployment, "ana", shop())
    assert deployment.recipe_texts.text(shop().digest) is None


def test_the_error_for_an_unknown_recipe_suggests_a_similar_name(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop())
    with pytest.raises(RecipeError, match=r"no recipe 'shpo'; did you mean shop\?"):
        recipe_named(deployment, "shpo")
    with pytest.raises(RecipeError, match="one of web, catalog, archive, zoom, responsive, shop"):
        recipe_named(deployment, "qqq")
    with pytest.raises(RecipeError, match="give a TOML file, or one of web, "):
        recipe_named(deployment, "qqq", or_file=True)
    with pytest.raises(RecipeError, match="is no name of a recipe"):
        recipe_named(deployment, "Shop!")


def test_only_a_possible_name_of_a_stored_recipe_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").write_text("")
    assert [is_local(name) for name in ("web", "shop.toml", "./shop", "here", "A b")] == [True] * 5
    assert [is_local(name) for name in ("shop", "shop@3", "shop@1a2b")] == [False] * 3


def test_an_unused_recipe_is_removed_and_its_text_stays(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop())
    assert remove_recipe(deployment, "ben", "shop").number == 1
    assert deployment.recipe_registry.get().recipes == {}
    assert deployment.recipe_texts.text(shop().digest) == shop().to_text()
    assert "remove recipe" in {action.what for action in deployment.activity.actions()}
    with pytest.raises(SetupError, match="no recipe 'shop' is stored"):
        remove_recipe(deployment, "ben", "shop")


def test_a_recipe_is_not_removed_while_a_default_names_it(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop())
    deployment.recipe_registry.change(lambda registry: with_default(registry, "me", "shop"))
    with pytest.raises(SetupError, match="in use: it is the default of me"):
        remove_recipe(deployment, "ana", "shop")
    deployment.recipe_registry.change(lambda registry: with_default(registry, "me", None))
    deployment.settings = Settings(default_recipe="shop")
    with pytest.raises(SetupError, match="PIXELFLEET_DEFAULT_RECIPE names it"):
        remove_recipe(deployment, "ana", "shop")
    assert "shop" in deployment.recipe_registry.get().recipes


def test_a_recipe_is_not_removed_while_a_batch_that_is_not_complete_names_it(deployment: Any) -> None:
    ref = put_recipe(deployment, "ana", shop()).recipe.ref
    deployment.batches.create("me", "b1", ref)
    with pytest.raises(SetupError, match="batches that are not complete: me/b1"):
        remove_recipe(deployment, "ana", "shop")
    deployment.batches.seal("me", "b1", [])
    deployment.batches.complete("me", "b1")
    assert remove_recipe(deployment, "ana", "shop").name == "shop"


def test_a_recipe_that_becomes_a_default_during_its_removal_is_not_removed(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop())
    get = deployment.recipe_registry.get
    calls: list[int] = []

    def meanwhile() -> Registry:
        calls.append(1)
        if len(calls) == 2:
            deployment.recipe_registry.get = get
            registry: Registry = get()
            deployment.recipe_registry.change(lambda now: with_default(now, "me", "shop"))
            return registry
        present: Registry = get()
        return present

    deployment.recipe_registry.get = meanwhile
    with pytest.raises(SetupError, match="it is the default of me"):
        remove_recipe(deployment, "ana", "shop")


def test_recipes_differ_only_by_their_meaning() -> None:
    spaced = recipes.parse(
        '# other\nname="shop"\ndescription = "for the shop"\n[[variants]]\nbox=[100,100]\nname="card"\nfit="inside"',
        "x",
    )
    assert difference(("a", shop()), ("b", spaced)) == []
    lines = difference(("shop@1", shop()), ("shop", shop(200)))
    assert lines[:2] == ["--- shop@1", "+++ shop"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-box = [100, 100]", "+box = [200, 200]"]


def test_every_stored_recipe_comes_with_its_text(deployment: Any) -> None:
    for name in ("zebra", "shop"):
        put_recipe(deployment, "ana", shop(name=name))
    assert [(stored.name, text) for stored, text in stored_texts(deployment)] == [
        ("shop", shop().to_text()),
        ("zebra", shop(name="zebra").to_text()),
    ]


def test_an_unknown_name_is_refused_with_the_list_of_known_names(deployment: Any) -> None:
    put_recipe(deployment, "ana", shop())
    registry = deployment.recipe_registry.get()
    assert [known_recipe(registry, name) for name in ("web", "shop")] == ["web", "shop"]
    with pytest.raises(SetupError, match="one of web, catalog, archive, zoom, responsive, shop"):
        known_recipe(registry, "other")


def test_the_registry_has_bounds() -> None:
    one = StoredRecipe(name="a", digest="d", number=1, at="", who="")
    full = Registry(recipes={str(number): one for number in range(MOST_RECIPES)})
    with pytest.raises(SetupError, match="200 recipes are stored, the most"):
        with_recipe(full, one)
    full = Registry(defaults={str(number): "web" for number in range(MOST_DEFAULTS)})
    with pytest.raises(SetupError, match="1,000 owners have a default recipe, the most"):
        with_default(full, "me", "web")
    assert with_default(full, "7", "zoom").defaults["7"] == "zoom"
