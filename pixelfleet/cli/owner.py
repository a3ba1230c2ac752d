"""`pixelfleet owner`: what the images of an owner get."""

from typing import Annotated

import typer

from pixelfleet.cli.app import App
from pixelfleet.cli.console import RESULTS, AsJson, emit
from pixelfleet.cli.selection import who
from pixelfleet.deployment import Deployment
from pixelfleet.errors import SetupError
from pixelfleet.operations.routes import set_default_recipe
from pixelfleet.settings import load_settings

owner = App(name="owner", help="Owners of images, and what their images get.")


@owner.callback()
def owners() -> None:
    """Owners of images, and what their images get."""


@owner.command("default-recipe")
def default_recipe(
    name: Annotated[str, typer.Argument(metavar="OWNER", help="The owner: the name after uploads/ in keys.")],
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="[RECIPE]", help="A built-in or stored recipe; left out: show the present one."),
    ] = None,
    *,
    none: Annotated[bool, typer.Option("--none", help="Take the default away.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or set the recipe of those images of an owner that get no other from a route or their batch.

        pixelfleet owner default-recipe ana shop

    Without RECIPE, the present default is shown.
    """
    if none and recipe is not None:
        raise SetupError("name a recipe, or say --none: not both")
    deployment = Deployment(load_settings())
    if none or recipe is not None:
        set_default_recipe(deployment, who(), name, recipe)
    present = deployment.recipe_registry.get().defaults.get(name)
    if as_json:
        emit({"owner": name, "default_recipe": present})
        return
    fallback = deployment.settings.default_recipe
    RESULTS.print(
        f"{name}: {present}"
        if present is not None
        else f"{name} has no default recipe; the deployment's is {fallback}",
        soft_wrap=True,
    )
