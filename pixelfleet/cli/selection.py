"""Options that select failed images, shared by `failures`, `redrive` and `purge`; asking for confirmation."""

import getpass
import os
import socket
import sys
from dataclasses import replace
from typing import Annotated

import typer

from pixelfleet.cli.console import say
from pixelfleet.cli.naming import image_named
from pixelfleet.cli.terminable import say_stopped
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, SetupError
from pixelfleet.operations.batches import check_batch
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
ImageOption = Annotated[
    str | None, typer.Option("--image", help="Only this image, by id, by key, or as s3://BUCKET/KEY; of any cause.")
]
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


def checked(deployment: Deployment, selection: Selection) -> Selection:
    """The selection, with the id of the image that it names.

    Raises:
        SetupError: there is no such batch or image.
        TransientError: DynamoDB does not answer.
    """
    check_batch(deployment, selection.owner, selection.batch)
    if selection.image_id is None:
        return selection
    return replace(selection, image_id=image_named(deployment, selection.image_id).image_id)


def who() -> str:
    """The person at this machine, for the history of records."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def confirm(question: str, *, yes: bool) -> None:
    """Ask the person at the terminal; a script gives --yes.

    Raises:
        SetupError: there is no terminal.
        typer.Exit: the answer was no.
        KeyboardInterrupt: Ctrl-C at the question.
    """
    if yes:
        return
    if not sys.stdin.isatty() or os.environ.get("TERM") == "dumb":
        raise SetupError(f"{question} There is no terminal to ask at: give --yes to do it, --dry-run to only look.")
    say(question)
    try:
        yes = typer.confirm("Go on?", err=True)
    except typer.Abort:
        # Ctrl-C and Ctrl-D at the question.
        stop = KeyboardInterrupt()
        say_stopped(stop, "nothing was changed")
        raise stop from None
    if not yes:
        say("nothing was changed")
        raise typer.Exit(0)
