"""`pixelfleet purge`."""

from collections.abc import Iterable
from typing import Annotated

import typer

from pixelfleet.aws.dead_letters import Pass
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, say
from pixelfleet.cli.selection import (
    BatchOption,
    CauseOption,
    ImageOption,
    LaneOption,
    OwnerOption,
    YesOption,
    checked,
    confirm,
    selection_of,
    who,
)
from pixelfleet.cli.terminable import say_stopped, terminable
from pixelfleet.deployment import Deployment
from pixelfleet.operations.dead_letter_passes import count_given_up, give_up, remaining
from pixelfleet.operations.failures import Selection, dead_letters
from pixelfleet.settings import load_settings


def purge(
    *,
    lane: LaneOption = None,
    cause: CauseOption = None,
    batch: BatchOption = None,
    owner: OwnerOption = None,
    image: ImageOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be deleted; hides dead letters for a moment.")
    ] = False,
    yes: YesOption = False,
    as_json: AsJson = False,
) -> None:
    """Empty the dead-letter queues of failures that are given up.

    The records stay `failed` and can still be redriven: only the dead letters are deleted, and the alarm ends. Without
    any filter, two more kinds are deleted: events that the producer could not handle, and dead letters that no record
    explains. No other trace of these two kinds exists.

        pixelfleet purge --dry-run

        pixelfleet purge --batch me/2026-11 --yes
    """
    deployment = Deployment(load_settings())
    selection = checked(deployment, selection_of(lane, cause, batch, owner, image))
    if not dry_run and not yes:
        waiting = dead_letters(deployment)
        if not any(waiting.values()):
            _show_empty(waiting, as_json=as_json)
            return
        listed = ", ".join(f"{name} {number:,}" for name, number in waiting.items())
        confirm(f"The dead-letter queues hold: {listed}. The selected messages would be deleted.", yes=yes)
    passes: dict[str, Pass] = {}
    try:
        with terminable(), MESSAGES.status("looking through the dead letters") as status:

            def progress(queue: str, done: Pass) -> None:
                passes[queue] = done
                status.update(f"{queue}: {done.deleted:,} to delete, {done.left:,} left")

            if dry_run:
                passes |= count_given_up(deployment, selection, progress)
            else:
                passes |= give_up(deployment, selection, who(), progress).passes
    except KeyboardInterrupt as stop:
        say_stopped(stop, _so_far(deployment, selection, passes, dry_run=dry_run))
        raise
    if as_json:
        document: dict[str, object] = {
            name: {"deleted": done.deleted, "left": done.left} for name, done in passes.items()
        }
        emit(({"dry_run": True} if dry_run else {}) | document)
        return
    would = "would be deleted" if dry_run else "deleted"
    for name, done in passes.items():
        RESULTS.print(f"{name}: {count(done.deleted, 'dead letter')} {would}, {done.left:,} left")


def _show_empty(queues: Iterable[str], *, as_json: bool) -> None:
    """SQS estimates the numbers, a minute late at most: --yes looks into the queues in any case."""
    if as_json:
        emit({name: {"deleted": 0, "left": 0} for name in queues})
    say("nothing was deleted: the dead-letter queues are empty")


def _so_far(deployment: Deployment, selection: Selection, passes: dict[str, Pass], *, dry_run: bool) -> str:
    """What an interrupted purge has done, and how to go on."""
    if dry_run:
        return "nothing was deleted"
    deleted = count(sum(done.deleted for done in passes.values()), "dead letter")
    rest = remaining(deployment, selection)
    left = f"about {count(rest, 'dead letter')} left in the queues; " if rest is not None else ""
    return f"{deleted} deleted; {left}run the same command again for the rest"
