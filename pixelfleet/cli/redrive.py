"""`pixelfleet redrive`."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from pixelfleet.aws.dead_letters import Disposition, Pass
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, emit, say
from pixelfleet.cli.selection import (
    BatchOption,
    CauseOption,
    ImageOption,
    LaneOption,
    LimitOption,
    OwnerOption,
    YesOption,
    confirm,
    described,
    selection_of,
    who,
)
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, timestamp
from pixelfleet.operations.failures import GroupBy, Selection, dead_letters, grouped, select
from pixelfleet.operations.redrive import Redrive, Sent, drop_settled, uploads_letters
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
        int | None, typer.Option(min=1, help="Send so many first, wait for them, stop if any fails again.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be sent.")] = False,
    yes: YesOption = False,
    as_json: AsJson = False,
) -> None:
    """Send failed images round again, from the catalog.

    Without --cause it takes what the system failed (crashed, out of memory, throttled, ...), not what the image was
    at fault for; name a cause to try those again too, after a recipe or a limit was changed. Without any filter it
    also moves back events that the producer could not handle, and dead letters that no record explains.

    It may be interrupted, repeated, or run twice at once: a job that is sent twice is done once.

        pixelfleet redrive --dry-run

        pixelfleet redrive --cause out_of_memory --canary 5 --rate 50 --yes
    """
    deployment = Deployment(load_settings())
    asked = selection_of(lane, cause, batch, owner, image)
    selection = Selection(asked.lane, asked.cause, asked.batch, asked.owner, asked.image_id, limit, before=timestamp())
    if dry_run or not yes:
        plan = _plan(deployment, selection)
        if dry_run:
            _tell_plan(plan, as_json=as_json)
            return
        confirm(f"{plan['images']:,} failed images would be sent again ({_listed(plan['by_cause'])}).", yes=yes)
    with MESSAGES.status("sending") as status:
        work = Redrive(deployment, who(), lambda done: status.update(f"sent {done.sent:,} jobs"), rate)
        failed = select(deployment.images, selection)
        outcome = _canary(work, failed, canary, status) if canary else None
        if outcome is None or not outcome["failed"]:
            for _ in work.send(failed):
                pass
            letters = _dead_letters(deployment, selection, status)
        else:
            letters = {}
    deployment.activity.note(
        who(), "redrive", described(selection), {"sent": work.done.sent, "refused": work.done.refused}
    )
    _tell(work.done, outcome, letters, as_json=as_json)
    if work.done.refused or (outcome and outcome["failed"]):
        raise typer.Exit(1)


def _canary(work: Redrive, failed: Iterator[Image], count: int, status: Any) -> dict[str, Any]:
    queued = list(work.send(islice(failed, count)))
    outcomes = work.outcomes(
        queued, lambda left: status.update(f"waiting for {left} of {len(queued)} canaries (Ctrl-C stops here)")
    )
    return {"ready": outcomes.ready, "failed": outcomes.failed, "examples": list(outcomes.examples)}


def _dead_letters(deployment: Deployment, selection: Selection, status: Any) -> dict[str, Pass]:
    def told(done: Pass) -> None:
        status.update(f"dead letters: {done.deleted:,} dropped, {done.moved:,} moved back, {done.left:,} left")

    passes = {
        lane.value: drop_settled(deployment, lane, selection, told)
        for lane in Lane
        if selection.lane in (None, lane) and deployment.queues.depth(deployment.settings.dlq_url(lane)).waiting
    }
    if selection.everything and selection.lane is None:
        passes["uploads"] = uploads_letters(deployment, Disposition.MOVE, told)
    return passes


def _plan(deployment: Deployment, selection: Selection) -> dict[str, Any]:
    with MESSAGES.status("reading failures"):
        groups = grouped(select(deployment.images, selection), GroupBy.CAUSE)
        letters = dead_letters(deployment)
    return {
        "images": sum(group.count for group in groups.values()),
        "by_cause": {name: group.count for name, group in sorted(groups.items())},
        "dead_letters": {name: depth.waiting + depth.in_flight for name, depth in letters.items()},
    }


def _tell_plan(plan: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit({"dry_run": True, **plan})
        return
    RESULTS.print(f"{plan['images']:,} failed images would be sent again ({_listed(plan['by_cause'])})")
    RESULTS.print(f"dead letters: {_listed(plan['dead_letters'])}")


def _tell(done: Sent, outcome: dict[str, Any] | None, letters: dict[str, Pass], *, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "sent": done.sent,
                "refused": done.refused,
                "no_longer_failed": done.skipped,
                "canary": outcome,
                "dead_letters": {
                    name: {"dropped": p.deleted, "moved": p.moved, "left": p.left} for name, p in letters.items()
                },
            }
        )
        return
    RESULTS.print(f"{done.sent:,} jobs sent again")
    if done.refused:
        say(f"{done.refused:,} jobs were not taken by SQS and stay failed; run it again", style="yellow")
    for name, one in letters.items():
        RESULTS.print(f"dead letters of {name}: {one.deleted:,} dropped, {one.moved:,} moved back, {one.left:,} left")
    if outcome and outcome["failed"]:
        say(f"{outcome['failed']} of the canaries failed again, so nothing more was sent:", style="red")
        for example in outcome["examples"]:
            say(f"  {example}")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
