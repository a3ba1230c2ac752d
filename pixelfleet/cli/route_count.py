"""The count of `route add` and `route rm`: how many images get another recipe by the change."""

from typing import Annotated

import typer

from pixelfleet.cli.console import MESSAGES, count, say
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.errors import PixelfleetError
from pixelfleet.operations.reconcile.outdated import MOST_COUNTED
from pixelfleet.operations.routes import RouteChange
from pixelfleet.operations.touched_images import TouchedImages, touched_images

NoCount = Annotated[
    bool,
    typer.Option(
        "--no-count",
        help=f"Do not count the images that get another recipe. At most {MOST_COUNTED:,} objects are looked at.",
    ),
]
STORED = "the change of the routes is stored and stays; `pixelfleet reconcile --outdated --dry-run` counts again"


def count_touched(deployment: Deployment, change: RouteChange) -> dict[str, object]:
    """Count, with progress, and say the numbers; returns them for scripts. Ctrl-C ends the count, not the change.

    An error ends the count too: the change is stored, and the command has succeeded.
    """
    with terminable(STORED), MESSAGES.status("counting images") as status:

        def progress(so_far: TouchedImages) -> bool:
            status.update(f"{count(so_far.seen, 'object')} looked at, {so_far.images:,} get another recipe")
            return True

        try:
            counted = touched_images(deployment, change, progress)
        except PixelfleetError as error:
            say(f"the images that get another recipe were not counted: {error}", style="yellow")
            return {"problem": str(error)}
    say(counted.in_words())
    numbers = {"seen": counted.seen, "images": counted.images, "complete": counted.complete}
    return numbers | {"moves": counted.by_recipe()}
