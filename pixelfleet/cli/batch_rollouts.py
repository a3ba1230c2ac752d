"""Rollouts as `pixelfleet batch list`, `show` and `watch` show them: a rollout is a row of its own kind."""

import time
from dataclasses import asdict

import typer
from rich.progress import BarColumn, SpinnerColumn, TextColumn

from pixelfleet.cli.console import (
    MESSAGES,
    RESULTS,
    count,
    emit,
    live_display,
    local,
    printable,
    say,
    time_left_in_words,
)
from pixelfleet.cli.progress import LINE_EVERY
from pixelfleet.cli.watch import LOOK_EVERY, Looks, again
from pixelfleet.deployment import Deployment
from pixelfleet.operations.batch_rows import BatchKind, RolloutRow, rollout_row, rollout_time_left
from pixelfleet.operations.time_left import TimeLeft


def rollout_document(row: RolloutRow) -> dict[str, object]:
    """For scripts; fields with the names of a batch's have the same meaning."""
    facts, counts = row.facts, row.counts
    older, _, newer = facts.versions.partition(" -> ")
    return {
        "kind": BatchKind.ROLLOUT.value,
        "batch": row.id,
        "recipe": newer,
        "instead_of": older,
        "owner": facts.owner,
        "of_batch": facts.batch,
        "created_at": row.created_at,
        "expected": facts.images,
        "completed_at": row.completed_at,
        "state": row.task.state.value,
        "ready": counts.made,
        "outliers": counts.outliers,
        "failed": counts.failed,
        "gone": counts.gone,
        "canary": facts.canary,
        "message": row.task.message,
        "command": facts.command,
        "way_back": facts.way_back,
        "machine": facts.machine,
        "contact_sheet": facts.sheet or None,
    }


def show_rollout(deployment: Deployment, rollout_id: str, *, as_json: bool) -> None:
    """Print the progress of a rollout, and the commands that go on with it and take its images back."""
    row = rollout_row(deployment, rollout_id)
    left = rollout_time_left(deployment, row)
    if as_json:
        emit(rollout_document(row) | {"time_left": asdict(left)})
        return
    facts = row.facts
    RESULTS.print(f"{row.id}: {row.state}")
    for title, text in (
        ("recipe", facts.versions),
        ("scope", row.scope),
        ("begun", f"{local(row.created_at)} by {row.task.who}"),
        ("step", row.task.message or "just begun"),
        ("canary", count(facts.canary, "image")),
    ):
        RESULTS.print(f"{title:<9} {text}", soft_wrap=True)
    RESULTS.print(f"{count(facts.images, 'image')}: {in_words(row)}{_rate(left)}", soft_wrap=True)
    if facts.sheet:
        RESULTS.print(f"sheet     {printable(facts.sheet)} on {facts.machine}", soft_wrap=True)
    if row.completed_at is None and facts.command:
        RESULTS.print(f"go on     {facts.command}  (on {facts.machine})", soft_wrap=True)
    if facts.way_back:
        RESULTS.print(f"go back   {facts.way_back}", soft_wrap=True)
    url = deployment.settings.dashboard_url.rstrip("/")
    RESULTS.print(f"{url}/background-tasks/{row.id}", soft_wrap=True)


def watch_rollout(deployment: Deployment, rollout_id: str, *, as_json: bool) -> None:
    """Show progress until the rollout has ended.

    Raises:
        SetupError: there is no such rollout.
        TransientError: AWS did not answer the first call; later calls are repeated.
        typer.Exit: with code 1, an image failed, or the rollout ended before all its images were made.
    """
    looks, last_line = Looks(), time.monotonic()
    row = rollout_row(deployment, rollout_id)
    with live_display(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30)) as live:
        bar = live.add_task(row.id, total=max(row.facts.images, 1))
        while not row.task.settled:
            now = time.monotonic()
            looks.add(now, row.counts.accounted)
            words = f"{row.id}: {row.task.message or 'just begun'}{_rate(looks.time_left(row.left))}"
            live.update(bar, description=words, completed=row.counts.accounted)
            if not MESSAGES.is_terminal and now - last_line >= LINE_EVERY:
                last_line = now
                say(words)
            time.sleep(LOOK_EVERY)
            row = again(lambda: rollout_row(deployment, rollout_id))
    if as_json:
        emit(rollout_document(row))
    else:
        say(f"{row.id} is {row.state}: {in_words(row)}. {row.task.message}")
        if row.completed_at is None and row.facts.command:
            say(f"to go on, on {row.facts.machine}: {row.facts.command}")
    if row.completed_at is None or row.counts.failed:
        raise typer.Exit(1)


def in_words(row: RolloutRow) -> str:
    """`98 made (1 outlier), 2 failed`."""
    counts = row.counts
    outliers = f" ({count(counts.outliers, 'outlier')})" if counts.outliers else ""
    gone = f", {counts.gone:,} left alone" if counts.gone else ""
    return f"{counts.made:,} made{outliers}, {counts.failed:,} failed{gone}"


def _rate(left: TimeLeft) -> str:
    rate = f", {left.per_second:.1f}/s" if left.per_second else ""
    return f"{rate}, {time_left_in_words(left)} left" if left.seconds else rate
