"""`pixelfleet recipe list|show|check`."""

from typing import Annotated

import typer
from rich.table import Table

from pixelfleet import recipes
from pixelfleet.cli.app import App
from pixelfleet.cli.console import RESULTS, AsJson, emit
from pixelfleet.recipes import BUILTIN, Recipe, Variant

recipe = App(
    name="recipe",
    help="What an image becomes: list, show and check recipes.",
)

NameOrFile = Annotated[str, typer.Argument(metavar="NAME|FILE", help="A built-in recipe by name, or a TOML file.")]


@recipe.command("list")
def list_recipes(*, as_json: AsJson = False) -> None:
    """The recipes that come with pixelfleet."""
    builtin = [recipes.builtin(name) for name in BUILTIN]
    if as_json:
        emit([_summary(each) for each in builtin])
        return
    table = Table("name", "variants", "", box=None)
    for each in builtin:
        table.add_row(each.name, ", ".join(variant.name for variant in each.variants), each.description)
    RESULTS.print(table)


@recipe.command("show")
def show(name: NameOrFile, *, as_json: AsJson = False) -> None:
    """Print a recipe as TOML: a built-in one is a good start for one of your own.

    pixelfleet recipe show web > mine.toml
    """
    loaded = recipes.load(name)
    if as_json:
        emit(loaded.model_dump(mode="json", by_alias=True) | {"digest": loaded.digest})
    else:
        RESULTS.print(loaded.to_text(), end="", soft_wrap=True)


@recipe.command("check")
def check(file: NameOrFile, *, as_json: AsJson = False) -> None:
    """Say what a recipe does, or what is wrong with it: line, field and what would be right. Exit code 2 if wrong."""
    loaded = recipes.load(file)
    if as_json:
        emit(_summary(loaded))
        return
    RESULTS.print(f"{loaded.name}: right, digest {loaded.digest[:12]}")
    for variant in loaded.variants:
        RESULTS.print(f"  {variant.name}: {_in_words(variant)}", soft_wrap=True)


def _summary(loaded: Recipe) -> dict[str, object]:
    names = [variant.name for variant in loaded.variants]
    return {"name": loaded.name, "digest": loaded.digest, "description": loaded.description, "variants": names}


def _in_words(variant: Variant) -> str:
    if variant.copies:
        return "the original, unchanged"
    fields = variant.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    words = [f"{name} {_value(value)}" for name, value in fields.items()]
    return ", ".join(words) or "the full size, JPEG or WebP"


def _value(value: object) -> str:
    if isinstance(value, list):
        return " x ".join(map(str, value))
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(item)}" for name, item in value.items()) + ")"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
