"""`pixelfleet failures`."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, emit
from pixelfleet.cli.selection import LimitOption
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.operations import failures as found
from pixelfleet.operations.failures import Group, GroupBy, Selection
from pixelfleet.settings import load_settings

COUNTED_EVERY = 1_000


def failures(
    by: Annotated[GroupBy, typer.Option(help="What to group by.")] = GroupBy.CAUSE,
    limit: LimitOption = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what failed and why: grouped, with ages, the exact message and examples. Changes nothing.

    Also tells how many messages lie in each dead-letter queue. Failures that are the image's own fault are in the
    catalog alone, so an empty queue does not mean that nothing failed.

        pixelfleet failures --by batch

        pixelfleet redrive --dry-run
    """
    deployment = Deployment(load_settings())
    selection = Selection(any_cause=True, limit=limit)
    groups = found.grouped(_counted(found.select(deployment.images, selection)), by)
    ordered = sorted(groups.values(), key=lambda group: (-group.count, group.name))
    letters = found.dead_letters(deployment)
    if as_json:
        emit(
            {
                "by": by.value,
                "failed": sum(group.count for group in ordered),
                "groups": [_as_json(group, by) for group in ordered],
                "dead_letters": {name: depth.waiting + depth.in_flight for name, depth in letters.items()},
            }
        )
        return
    if ordered:
        RESULTS.print(_table(ordered, by))
    else:
        RESULTS.print("nothing failed")
    waiting = ", ".join(f"{name} {depth.waiting + depth.in_flight}" for name, depth in letters.items())
    RESULTS.print(f"dead letters: {waiting}", soft_wrap=True)


def _counted(images: Any) -> Any:
    """Say how far reading has come, where it takes long."""
    number = 0
    with MESSAGES.status("reading failures") as status:
        image: Image
        for image in images:
            number += 1
            if number % COUNTED_EVERY == 0:
                status.update(f"reading failures: {number:,}")
            yield image


def _as_json(group: Group, by: GroupBy) -> dict[str, Any]:
    return {
        by.value: group.name,
        "count": group.count,
        "oldest": group.oldest,
        "newest": group.newest,
        "message": group.message,
        "examples": group.examples,
    }


def _table(groups: list[Group], by: GroupBy) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by.value)
    table.add_column("images", justify="right")
    table.add_column("oldest", justify="right")
    table.add_column("newest", justify="right")
    table.add_column("message and examples", overflow="fold")
    now = datetime.now(UTC)
    for group in groups:
        examples = "\n".join(f"  {key}" for key in group.examples)
        told = f"{group.message}\n{examples}"
        table.add_row(group.name, f"{group.count:,}", age(group.oldest, now), age(group.newest, now), told)
    return table


def age(timestamp: str, now: datetime) -> str:
    """How long ago, in the largest unit that fits: `12 s`, `3 min`, `2 h`, `5 d`."""
    if not timestamp:
        return "-"
    seconds = max(0, round((now - datetime.fromisoformat(timestamp)).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
