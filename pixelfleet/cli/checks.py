"""The results of checks, each with the command that repairs the fault."""

import os
from dataclasses import asdict
from typing import Final

import typer
from rich.table import Table

from pixelfleet.cli.console import RESULTS, emit, say
from pixelfleet.operations.preflight import Check, State

_STYLES: Final = {State.OK: "green", State.UNKNOWN: "yellow", State.MISSING: "red", State.TOO_LOW: "red"}


def show_checks(checks: list[Check], *, as_json: bool) -> None:
    """Print the checks.

    Raises:
        typer.Exit: exit code 1, if a need is missing, too low, or unknown.
    """
    fine = all(check.state is State.OK for check in checks)
    if as_json:
        emit({"ok": fine, "checks": [asdict(check) for check in checks]})
    else:
        RESULTS.print(_table(checks))
        for check in checks:
            if check.remedy:
                RESULTS.print(f"{check.name}:\n  {check.remedy}", soft_wrap=True)
    if not fine:
        raise typer.Exit(1)


def warn_of_endpoint(what: str) -> None:
    """Say that another cloud is asked, such as that of `pixelfleet up`, which has few services of AWS."""
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        say(
            f"AWS_ENDPOINT_URL is set, so {endpoint} is asked, and not {what}. The cloud of `pixelfleet up` answers "
            "no such question: unset AWS_ENDPOINT_URL and sign in to AWS",
            style="yellow",
        )


def _table(checks: list[Check]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("asked", "state", "detail"):
        table.add_column(column, overflow="fold")
    for check in checks:
        table.add_row(
            check.name, check.state.value, check.detail, style=None if check.state is State.OK else _STYLES[check.state]
        )
    return table
