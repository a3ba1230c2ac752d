"""`pixelfleet preflight`."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from pixelfleet.aws.account import account
from pixelfleet.cli.console import RESULTS, AsJson, emit
from pixelfleet.errors import SetupError
from pixelfleet.operations.preflight import Check, Stack, State, stack_of
from pixelfleet.operations.preflight import preflight as ask
from pixelfleet.settings import load_settings

_STYLES = {State.OK: "green", State.UNKNOWN: "yellow", State.MISSING: "red", State.TOO_LOW: "red"}


def preflight(
    stack: Annotated[
        str, typer.Option(help="File with the output of `terraform output -json`, or - for standard input.")
    ] = "",
    domain: Annotated[str, typer.Option(help="Domain of the stack, before the first apply.")] = "",
    secret: Annotated[str, typer.Option(help="Name or ARN of the dashboard's secret.")] = "",
    images_per_second: Annotated[
        float, typer.Option(min=0, help="Images a second that a large batch brings at its peak.")
    ] = 0,
    *,
    as_json: AsJson = False,
) -> None:
    """Check an AWS account for what a stack or a large batch needs: quotas, roles, certificates, image, tables, queues.

    Shows the command that mends each lack. Changes nothing. Exit code 1 when a need is missing, too low, or unknown.

        pixelfleet preflight --domain images.example.com

        terraform -chdir=infra output -json | pixelfleet preflight --stack - --images-per-second 500
    """
    described = stack_of(_outputs(stack), images_per_second) if stack else Stack(images_per_second=images_per_second)
    asked = replace(described, domain=domain or described.domain, secret=secret)
    checks = ask(account(load_settings().region), asked)
    if as_json:
        emit({"ok": _fine(checks), "checks": [asdict(check) for check in checks]})
    else:
        RESULTS.print(_table(checks))
        for check in checks:
            if check.remedy:
                RESULTS.print(f"{check.name}:\n  {check.remedy}", soft_wrap=True)
    if not _fine(checks):
        raise typer.Exit(1)


def _fine(checks: list[Check]) -> bool:
    return all(check.state is State.OK for check in checks)


def _outputs(path: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
        outputs = json.loads(text)
    except (OSError, ValueError) as error:
        raise SetupError(f"--stack {path}: no output of `terraform output -json`: {error}") from error
    if not isinstance(outputs, dict) or not all(isinstance(o, dict) and "value" in o for o in outputs.values()):
        raise SetupError(f"--stack {path}: not the output of `terraform output -json`")
    if not outputs:
        raise SetupError(
            f"--stack {path}: the stack has no outputs yet. Run make apply first, or ask with --domain alone"
        )
    return outputs


def _table(checks: list[Check]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("asked", "state", "detail"):
        table.add_column(column, overflow="fold")
    for check in checks:
        table.add_row(
            check.name, check.state.value, check.detail, style=None if check.state is State.OK else _STYLES[check.state]
        )
    return table
