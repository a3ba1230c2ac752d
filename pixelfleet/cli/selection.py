"""Options that select failed images, shared by `failures`, `redrive` and `purge`; asking for confirmation."""

import getpass
import os
import socket
import sys
from typing import Annotated

import typer

from pixelfleet.cli.console import say
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, SetupError
from pixelfleet.operations.failures import Selection

LaneOption = Annotated[Lane | None, typer.Option("--lane", help="Only failures of this lane.")]
CauseOption = Annotated[
    Cause | None,
    typer.Option(
        "--cause",
        metavar="CAUSE",
        help="Only this cause, as `pixelfleet failures` shows it. Without --cause: failures of the system.",
    ),
]
BatchOption = Annotated[str | None, typer.Option("--batch", help="Only this batch: NAME, or OWNER/NAME.")]
OwnerOption = Annotated[str | None, typer.Option("--owner", help="Only images of this owner.")]
ImageOption = Annotated[str | None, typer.Option("--image", help="Only this image, by its id, whatever its cause.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many images.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def selection_of(
    lane: Lane | None, cause: Cause | None, batch: str | None, owner: str | None, image: str | None
) -> Selection:
    """The selection that the options name; `OWNER/NAME` in --batch names the owner too.

    Raises:
        SetupError: two options name different owners.
    """
    if batch and "/" in batch:
        named, _, batch = batch.partition("/")
        if owner not in (None, named):
            raise SetupError(f"--batch {named}/{batch} is not a batch of --owner {owner}")
        owner = named
    return Selection(lane=lane, cause=cause, batch=batch, owner=owner, image_id=image)


def who() -> str:
    """The person at this machine, for the history of records."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def confirm(question: str, *, yes: bool) -> None:
    """Ask the person at the terminal; a script gives --yes.

    Raises:
        SetupError: there is no terminal.
        typer.Exit: the answer was no.
    """
    if yes:
        return
    if not sys.stdin.isatty() or os.environ.get("TERM") == "dumb":
        raise SetupError(f"{question} There is no terminal to ask at: give --yes to do it, --dry-run to only look.")
    say(question)
    if not typer.confirm("Go on?", err=True):
        say("nothing was changed")
        raise typer.Exit(0)
