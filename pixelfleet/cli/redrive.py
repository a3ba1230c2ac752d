"""`pixelfleet redrive`."""

from dataclasses import replace
from typing import Annotated

import typer

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, say
from pixelfleet.cli.selection import (
    BatchOption,
    CauseOption,
    ImageOption,
    LaneOption,
    LimitOption,
    OwnerOption,
    YesOption,
    checked,
    confirm,
    selection_of,
    who,
)
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.operations import redrive as operation
from pixelfleet.operations.failures import FailureSummary, GroupBy, Selection, summarise
from pixelfleet.operations.redrive import RedriveOrder, RedriveResult, Sent, jobs
from pixelfleet.settings import load_settings


def redrive(
    *,
    lane: LaneOption = None,
    cause: CauseOption = None,
    batch: BatchOption = None,
    owner: OwnerOption = None,
    image: ImageOption = None,
    limit: LimitOption = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="At most so many jobs a second.")] = None,
    canary: Annotated[
        int | None, typer.Option(min=1, help="Send this number first, wait for them, and stop if one fails again.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent.")] = False,
    yes: YesOption = False,
    as_json: AsJson = False,
) -> None:
    """Send the jobs of failed images again, from the catalog.

    Without --cause, redrive takes images that failed because of the system (crashed, out of memory, ...), and leaves
    images that are themselves at fault. Name a cause to try such images again, after a recipe or a limit was
    changed. Without any filter, redrive also moves back events that the producer could not handle, and dead letters
    that no record explains.

    A redrive may be interrupted, repeated, or run twice at once: a job that is sent twice is done once.

        pixelfleet redrive --dry-run

        pixelfleet redrive --cause out_of_memory --canary 5 --rate 50 --yes
    """
    deployment = Deployment(load_settings())
    selection = checked(deployment, replace(selection_of(lane, cause, batch, owner, image), limit=limit))
    if dry_run or not yes:
        plan = _plan(deployment, selection)
        if dry_run:
            _show_plan(plan, as_json=as_json)
            if not plan.failed and not as_json:
                _say_nothing_is_selected("would be sent", selection)
            return
        if not plan.failed and not any(plan.dead_letters.values()):
            _show_nothing(selection, as_json=as_json)
            return
        causes = _listed({group.name: group.count for group in plan.groups})
        confirm(f"{count(plan.failed, 'failed image')} would be sent again ({causes}).", yes=yes)
    again = "the jobs that were sent are under way; run the same command again for the rest"
    with terminable(again), MESSAGES.status("reading failures") as status:
        order = RedriveOrder(selection, who(), rate, canary)
        result = operation.redrive(deployment, order, lambda words, _: status.update(f"{words} (Ctrl-C stops here)"))
    if as_json:
        emit(_as_document(result))
    else:
        _show(result, selection)
    if result.sent.refused or result.stopped:
        raise typer.Exit(1)


def _plan(deployment: Deployment, selection: Selection) -> FailureSummary:
    with MESSAGES.status("reading failures") as status:
        return summarise(
            deployment, selection, GroupBy.CAUSE, lambda number: status.update(f"reading failures: {number:,}")
        )


def _show_plan(plan: FailureSummary, *, as_json: bool) -> None:
    by_cause = {group.name: group.count for group in sorted(plan.groups, key=lambda group: group.name)}
    if as_json:
        emit({"dry_run": True, "images": plan.failed, "by_cause": by_cause, "dead_letters": plan.dead_letters})
        return
    RESULTS.print(f"{count(plan.failed, 'failed image')} would be sent again ({_listed(by_cause)})")
    RESULTS.print(f"dead letters: {_listed(plan.dead_letters)}")


def _as_document(result: RedriveResult) -> dict[str, object]:
    canary = result.canary
    return {
        **result.sent.as_counts(),
        "canary": None
        if canary is None
        else {
            "ready": canary.ready,
            "failed": canary.failed,
            "pending": canary.pending,
            "examples": list(canary.examples),
        },
        "dead_letters": {
            name: {"dropped": done.deleted, "moved": done.moved, "left": done.left}
            for name, done in result.dead_letters.items()
        },
    }


def _show(result: RedriveResult, selection: Selection) -> None:
    if not result.sent.sent and not result.sent.refused:
        _say_nothing_is_selected("was sent", selection)
    else:
        RESULTS.print(f"{jobs(result.sent.sent)} sent again")
    if result.sent.refused:
        say(f"{jobs(result.sent.refused)} not taken by SQS, still failed: run it again", style="yellow")
    for name, done in result.dead_letters.items():
        if done.deleted or done.moved or done.left:
            numbers = f"{done.deleted:,} dropped, {done.moved:,} moved back, {done.left:,} left"
            RESULTS.print(f"dead letters of {name}: {numbers}")
    if result.canary is not None and result.stopped:
        say(result.canary.in_words(), style="red")
        for example in result.canary.examples:
            say(f"  {example}")


def _show_nothing(selection: Selection, *, as_json: bool) -> None:
    """Without an image and a dead letter there is nothing to ask about."""
    if as_json:
        emit(_as_document(RedriveResult(Sent())))
    else:
        _say_nothing_is_selected("was sent", selection)


def _say_nothing_is_selected(done: str, selection: Selection) -> None:
    say(
        f"nothing {done}: no failed image is selected by {selection.in_words('a redrive without filters')}",
        style="yellow",
    )
    if selection.cause is None and selection.image_id is None:
        say("Without --cause, redrive takes only failures of the system. `pixelfleet failures` shows every cause.")


def _listed(numbers: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in numbers.items()) or "none"
