"""`pixelfleet recipe`: look at recipes, check them, and store them for a fleet."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from pixelfleet import recipes
from pixelfleet.aws.configuration import lacks_credentials
from pixelfleet.cli.app import App
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, local, say
from pixelfleet.cli.named_recipe import loaded_recipe
from pixelfleet.cli.rollout import rollout, scope_options
from pixelfleet.cli.selection import selection_of, who
from pixelfleet.cli.tables import folding_table
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.domain.registry import RecipeVersion, StoredRecipe
from pixelfleet.errors import RecipeError, SetupError, TransientError
from pixelfleet.extras import missing_modules
from pixelfleet.operations import recipe_registry
from pixelfleet.operations.recipe_registry import pinned_name
from pixelfleet.operations.recipe_rollback import images_to_return, roll_back
from pixelfleet.operations.rollout.order import RolloutOrder
from pixelfleet.operations.rollout.run import ended_rollout
from pixelfleet.recipes import BUILTIN, Recipe, Variant, needed_extras
from pixelfleet.settings import load_settings

recipe = App(
    name="recipe",
    help="What an image becomes: list, show, check and store recipes.",
)

NameOrFile = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE",
        help="A built-in or stored recipe, NAME@3 for its third version, or a TOML file.",
    ),
]
#: Characters of a digest that lists show.
SHORT: Final = 12


@recipe.command("list")
def list_recipes(
    *,
    builtin_only: Annotated[
        bool, typer.Option("--builtin", help="Only the recipes that come with pixelfleet; needs no fleet.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The recipes that come with pixelfleet, and those that are stored."""
    builtin = [recipes.builtin(name) for name in BUILTIN]
    stored, complete = ([], True) if builtin_only else _stored()
    if as_json:
        emit([_summary(each) | {"builtin": True} for each in builtin] + [_facts(each) for each in stored])
    else:
        _show_recipes(builtin, stored)
    if not complete:
        raise typer.Exit(1)


def _show_recipes(builtin: list[Recipe], stored: list[StoredRecipe]) -> None:
    table = folding_table("name", "variants", "", "version", "stored")
    for each in builtin:
        table.add_row(each.name, ", ".join(v.name for v in each.variants), each.description, "built in", "")
    for one in stored:
        version = f"{one.number} ({one.digest[:SHORT]})"
        table.add_row(one.name, ", ".join(one.variants), one.description, version, f"{local(one.at)[:10]} {one.who}")
    RESULTS.print(table)


@recipe.command("show")
def show(
    name: NameOrFile,
    *,
    versions: Annotated[
        bool, typer.Option("--versions", help="List the versions of a stored recipe, instead of its text.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a recipe as TOML: a built-in one is a good start for one of your own.

        pixelfleet recipe show web > mine.toml

    A stored recipe may be shown in any version, as shop@3.
    """
    if versions:
        _show_versions(name, as_json=as_json)
        return
    loaded = loaded_recipe(name)
    if as_json:
        emit(loaded.model_dump(mode="json", by_alias=True) | {"digest": loaded.digest})
    else:
        RESULTS.print(loaded.to_text(), end="", soft_wrap=True)


@recipe.command("check")
def check(file: NameOrFile, *, as_json: AsJson = False) -> None:
    """Show what a recipe does, or its errors: line, field and the right form. Exit code 2 if the recipe is wrong."""
    loaded = loaded_recipe(file)
    if as_json:
        emit(_summary(loaded))
        return
    RESULTS.print(f"{loaded.name}: right, digest {loaded.digest[:SHORT]}")
    for variant in loaded.variants:
        RESULTS.print(f"  {variant.name}: {_in_words(variant)}", soft_wrap=True)


@recipe.command("put")
def put(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The recipe, as TOML. Its field `name` names it.")],
    *,
    no_count: Annotated[
        bool, typer.Option("--no-count", help="Do not count the images that an earlier version made.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Store a recipe for the fleet, as the newest version of its name. Earlier versions are kept.

    Within a minute, every image that the recipe applies to is made by the new version. Images that were made by an
    earlier version stay as they are until `pixelfleet reconcile --outdated`.

        pixelfleet recipe put shop.toml
    """
    # A file `web` is not the built-in recipe of that name.
    path = f"./{file}" if str(file) in BUILTIN else str(file)
    deployment = _deployment()
    loaded = recipes.load(path)
    for extra, use in needed_extras(loaded).items():
        if missing := missing_modules(extra):
            say(
                f"{loaded.name} {use}, and this machine has no {', '.join(missing)}. Its images fail on workers "
                f"without the extra `{extra}`: pip install 'pixelfleet[{extra}]' there (the worker's image has it)",
                style="yellow",
            )
    answer = recipe_registry.put_recipe(deployment, who(), loaded)
    stored = answer.recipe
    counts = answer.changed and stored.number > 1 and not no_count
    older, counted_all = recipe_registry.made_by_earlier(deployment, stored) if counts else (None, True)
    if as_json:
        before = answer.before.number if answer.before is not None and answer.changed else None
        emit(_facts(stored) | {"changed": answer.changed, "before": before, "uses": list(answer.uses), "older": older})
        return
    if not answer.changed:
        say(f"{stored.name} is stored already: version {stored.number}, digest {stored.digest[:SHORT]}")
        return
    say(f"{stored.name} is stored: version {stored.number}, digest {stored.digest[:SHORT]}")
    if packages := loaded.packages:
        say(f"  its steps were checked on this machine; the workers' image must have {', '.join(packages)}")
    for use in answer.uses:
        say(f"  {use}")
    if older:
        least = "" if counted_all else "at least "
        were = f"{least}{count(older, 'image')} {'was' if older == 1 else 'were'}"
        say(
            f"{were} made by an earlier version. Nothing is done to them; to count them, and to make them again:\n"
            "  pixelfleet reconcile --outdated --dry-run\n"
            "  pixelfleet reconcile --outdated"
        )


@recipe.command("diff")
def diff(one: NameOrFile, other: NameOrFile, *, as_json: AsJson = False) -> None:
    """Show how two recipes differ; defaults that are written out and the order of fields make no difference.

        pixelfleet recipe diff shop@1 shop

        pixelfleet recipe diff shop shop.toml

    Exit code 0, whether the recipes differ or not.
    """
    pair = (loaded_recipe(one), loaded_recipe(other))
    lines = recipe_registry.difference((one, pair[0]), (other, pair[1]))
    if as_json:
        emit({"equal": not lines, "digests": [each.digest for each in pair], "diff": lines})
    elif lines:
        RESULTS.print("\n".join(lines), soft_wrap=True)
    else:
        say(f"{one} and {other} are equal: digest {pair[0].digest[:SHORT]}")


@recipe.command("rm")
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The stored recipe.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Remove a stored recipe by its name. Refused while a route, a default or an open batch names the recipe.

    The text stays where the records of images find it, and `recipe put` of the same file brings the name back.
    """
    removed = recipe_registry.remove_recipe(_deployment(), who(), name)
    if as_json:
        emit({"removed": _facts(removed)})
    else:
        say(f"{name} is removed; it was version {removed.number}, digest {removed.digest[:SHORT]}")


recipe.command("rollout")(rollout)


@recipe.command("rollback")
def rollback(
    newer: Annotated[str, typer.Argument(metavar="NEW", help="The recipe to go back from, as shop or shop@3.")],
    *,
    to: Annotated[str, typer.Option("--to", metavar="OLD", help="The recipe to go back to, as shop@2.")],
    owner: Annotated[str | None, typer.Option(help="Every image of this owner.")] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Every image of a batch: NAME, or OWNER/NAME.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every image of every owner that a rollout brought to NEW.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the results of an older recipe current again, without rendering, while they are kept.

    With PIXELFLEET_KEEP_REVISIONS, an image that is made by another recipe keeps its earlier results for so many days.
    May be interrupted and repeated. Exit code 1 if an image keeps no results of the older recipe or is being processed.

        pixelfleet recipe rollback shop@3 --to shop@2 --batch ana/summer

        pixelfleet recipe rollback shop@3 --to shop@2 --all
    """
    selection = selection_of(None, None, batch, owner, None)
    if (selection.owner is None) is not everything or (everything and batch):
        raise SetupError("name the images: --owner OWNER, --batch OWNER/NAME, or --all")
    order = RolloutOrder(loaded_recipe(newer), loaded_recipe(to), who(), owner=selection.owner, batch=selection.batch)
    deployment = _deployment()
    images = images_to_return(deployment, order.refs[0], selection.owner, selection.batch)
    # A rollout of these images that was interrupted or stopped has ended.
    again = "images that are back stay back; run the same command again for the rest"
    with terminable(again), ended_rollout(deployment, order), MESSAGES.status("going back") as status:
        result = roll_back(
            deployment, images, order.refs, order.who, lambda so_far: status.update(f"{so_far.back:,} back")
        )
    if as_json:
        emit(asdict(result))
    else:
        RESULTS.print(f"{count(result.back, 'image')} back to {to}", soft_wrap=True)
        if not (result.back or result.missing or result.busy):
            say(f"nothing was changed: no selected image is made by {newer}", style="yellow")
        if result.missing:
            names = [pinned_name(deployment, each) for each in (order.older, order.newer)]
            rollout_back = " ".join(
                ["pixelfleet recipe rollout", names[0], "--instead-of", names[1], *scope_options(selection)]
            )
            missing = count(result.missing, "image")
            say(f"{missing} without kept results of {to}. To make them again by {to}: `{rollout_back}`")
        if result.busy:
            say(f"{count(result.busy, 'image')} still being processed: repeat the command after that")
    if result.missing or result.busy:
        raise typer.Exit(1)


@recipe.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write them; made if it is not there.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace files that differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write every stored recipe to a file NAME.toml, to keep the recipes in a repository.

        pixelfleet recipe export recipes/

    Exit code 2 if a file there has another text and --force is not given; then no file is written.
    """
    texts = {f"{stored.name}.toml": text for stored, text in recipe_registry.stored_texts(_deployment())}
    _check_folder(folder)
    differing = [name for name, text in texts.items() if _differs(folder / name, text)]
    if differing and not force:
        raise SetupError(f"{folder} has other texts in {', '.join(differing)}: --force replaces these files")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    if as_json:
        emit({"files": [str(folder / name) for name in texts]})
    else:
        say(f"{count(len(texts), 'recipe')} written to {folder}")


def _deployment() -> Deployment:
    return Deployment(load_settings())


def _stored() -> tuple[list[StoredRecipe], bool]:
    """The stored recipes, by name, and whether they could be read. Where they could not be read, a message says so."""
    try:
        registry = _deployment().recipe_registry.get()
    except TransientError as error:
        if lacks_credentials(error):
            say("stored recipes are not shown: there are no AWS credentials in this shell")
            return [], True
        say(f"stored recipes are not shown: {error}", style="yellow")
        return [], False
    return [stored for _, stored in sorted(registry.recipes.items())], True


def _show_versions(name: str, *, as_json: bool) -> None:
    deployment = _deployment()
    versions = deployment.recipe_registry.versions(name)
    if not versions:
        raise RecipeError(f"no recipe {name!r} was ever stored; `pixelfleet recipe list` shows all recipes")
    present = deployment.recipe_registry.get().recipes.get(name)
    listed = [(each, present is not None and present.number == each.number) for each in reversed(versions)]
    if as_json:
        emit([_version(each) | {"present": is_present} for each, is_present in listed])
        return
    table = folding_table("version", "digest", "stored", "by", "")
    for each, is_present in listed:
        when, state = local(each.at), "present" if is_present else ""
        table.add_row(str(each.number), each.digest[:SHORT], when, each.who, state)
    RESULTS.print(table)


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SetupError(f"{folder} is no folder: name one, or a path where nothing is")


def _differs(path: Path, text: str) -> bool:
    return path.exists() and (not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text)


def _summary(loaded: Recipe) -> dict[str, object]:
    names = [variant.name for variant in loaded.variants]
    return {"name": loaded.name, "digest": loaded.digest, "description": loaded.description, "variants": names}


def _version(version: RecipeVersion) -> dict[str, object]:
    return {"version": version.number, "digest": version.digest, "stored_at": version.at, "who": version.who}


def _facts(stored: StoredRecipe) -> dict[str, object]:
    named = {"name": stored.name, "description": stored.description, "variants": list(stored.variants)}
    return named | _version(stored) | {"builtin": False}


def _in_words(variant: Variant) -> str:
    if variant.copies:
        return "the original, unchanged"
    fields = variant.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"name", "lazy"})
    words = [f"{name} {_value(value)}" for name, value in fields.items()]
    return ", ".join(words or ["the full size, JPEG or WebP"]) + ("; made at its first request" * variant.lazy)


def _value(value: object) -> str:
    if isinstance(value, list):
        return (" x " if all(isinstance(item, int) for item in value) else " and ").join(map(_value, value))
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(item)}" for name, item in value.items()) + ")"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
