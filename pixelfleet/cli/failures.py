"""`pixelfleet failures`."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, age, emit
from pixelfleet.cli.selection import LimitOption
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.operations.failures import FailureGroup, FailureSummary, GroupBy, Selection, summarise
from pixelfleet.settings import load_settings


def failures(
    by: Annotated[GroupBy, typer.Option(help="What to group by.")] = GroupBy.CAUSE,
    limit: LimitOption = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the failures in groups, with ages, the exact message and examples. Changes nothing.

    Also shows how many messages each dead-letter queue holds. Failures that are the image's own fault are in the
    catalog alone, so an empty queue does not mean that nothing failed.

        pixelfleet failures --by batch

        pixelfleet redrive --dry-run
    """
    deployment = Deployment(load_settings())
    with MESSAGES.status("reading failures") as status:
        summary = summarise(
            deployment,
            Selection(any_cause=True, limit=limit),
            by,
            lambda number: status.update(f"reading failures: {number:,}"),
        )
    if as_json:
        emit(_as_document(summary, by))
        return
    if summary.groups:
        RESULTS.print(_table(summary.groups, by))
    else:
        RESULTS.print("nothing failed")
    dead_letters = ", ".join(f"{name} {number:,}" for name, number in summary.dead_letters.items())
    RESULTS.print(f"dead letters: {dead_letters}", soft_wrap=True)


def _as_document(summary: FailureSummary, by: GroupBy) -> dict[str, Any]:
    return {
        "by": by.value,
        "failed": summary.failed,
        "groups": [
            {
                by.value: group.name,
                "count": group.count,
                "oldest": group.oldest,
                "newest": group.newest,
                "causes": dict(group.causes.most_common()),
                "message": group.message if len(group.causes) == 1 else None,
                "examples": [image.key for image in group.examples],
            }
            for group in summary.groups
        ],
        "dead_letters": summary.dead_letters,
    }


def _table(groups: tuple[FailureGroup, ...], by: GroupBy) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by.value, overflow="fold")
    for column in ("images", "oldest", "newest"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("message and examples" if by is GroupBy.CAUSE else "causes and examples", overflow="fold")
    now = datetime.now(UTC)
    for group in groups:
        details = "\n".join([_reason(group, by), *(f"  {_example(group, image)}" for image in group.examples)])
        table.add_row(group.name, f"{group.count:,}", age(group.oldest, now), age(group.newest, now), details)
    return table


def _reason(group: FailureGroup, by: GroupBy) -> str:
    """A group of one cause has one message; any other group has several causes."""
    if by is GroupBy.CAUSE:
        return group.message
    return ", ".join(f"{cause} {number:,}" for cause, number in group.causes.most_common())


def _example(group: FailureGroup, image: Image) -> str:
    return image.key if len(group.causes) == 1 else f"{image.key}: {image.cause}"
