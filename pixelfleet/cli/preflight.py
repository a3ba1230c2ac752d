"""`pixelfleet preflight`."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pixelfleet.aws.account import account
from pixelfleet.cli.checks import show_checks, warn_of_endpoint
from pixelfleet.cli.console import AsJson
from pixelfleet.errors import SetupError
from pixelfleet.files.regular import read_file_or_pipe
from pixelfleet.operations.preflight import Stack, stack_of
from pixelfleet.operations.preflight import preflight as ask
from pixelfleet.settings import load_settings

#: The output of a stack has some kilobytes.
_MOST_BYTES: Final = 10_000_000


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
    warn_of_endpoint("an AWS account")
    asked = replace(described, domain=domain or described.domain, secret=secret)
    checks = ask(account(load_settings().region), asked)
    show_checks(checks, as_json=as_json)


def _outputs(path: str) -> dict[str, Any]:
    try:
        text = sys.stdin.buffer.read(_MOST_BYTES) if path == "-" else read_file_or_pipe(Path(path), _MOST_BYTES)
        outputs = json.loads(text)
    except OSError as error:
        raise SetupError(f"--stack {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SetupError(f"--stack {path}: no output of `terraform output -json`, which is JSON") from error
    if not isinstance(outputs, dict) or not all(isinstance(o, dict) and "value" in o for o in outputs.values()):
        raise SetupError(f"--stack {path}: not the output of `terraform output -json`")
    if not outputs:
        raise SetupError(
            f"--stack {path}: the stack has no outputs yet. Run make apply first, or ask with --domain alone"
        )
    return outputs
