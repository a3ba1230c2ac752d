"""The `pixelfleet` command: its subcommands, its exit codes, and its error messages.

Exit codes: 0 ok, 1 some items failed (or an error of pixelfleet itself), 2 usage or set-up, 130 interrupted.
"""

import os
import sys
import traceback
from typing import Annotated, Final

import typer

from pixelfleet import __version__
from pixelfleet.cli.app import App, lazy_group
from pixelfleet.cli.console import complain, say
from pixelfleet.cli.machine import ensure_open_files, ensure_standard_streams, refusal
from pixelfleet.errors import PixelfleetError
from pixelfleet.extras import missing_library

#: In the order of the help. Each name is that of a module and of the function or group in the module.
COMMANDS: Final = (
    "run", "up", "upload", "status", "batch", "list", "show", "duplicates", "snippet", "rm", "restore", "provision",
    "render", "recipe", "steps", "route", "owner", "failures", "digest",
    "redrive", "purge", "reconcile", "adopt", "samples", "preflight", "secrets", "dashboard", "user",
)  # fmt: skip
SOME_FAILED = 1
SETUP = 2
INTERRUPTED = 130

#: What to do about missing credentials.
NO_CREDENTIALS: Final = """\
There are no AWS credentials in this shell.
  For a fleet on this machine: run `pixelfleet up` in another terminal, and
  paste here the lines that it prints.
  For AWS: sign in as for the `aws` command (such as `aws sso login`), and
  paste with your own values:
    export AWS_PROFILE=default AWS_REGION=eu-central-1
    export PIXELFLEET_UPLOADS_BUCKET=pixelfleet-uploads-123456789012
  `pixelfleet run SRC --out DEST` needs no credentials."""

app = App(
    name="pixelfleet",
    cls=lazy_group("pixelfleet.cli", COMMANDS),
    # A traceback with all local variables is of no use at a terminal, and may show a secret.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"pixelfleet {__version__}\n")
        raise typer.Exit


@app.callback()
def pixelfleet(
    *,
    version: Annotated[  # noqa: ARG001 - typer calls _show_version with the value
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Turn images into the variants that a recipe names: on this machine, or on a fleet in AWS.

    Start here, with no account and nothing to set up:

        pixelfleet run ~/Pictures --out out

    A cloud of your own on this machine, to try the commands for AWS:

        pixelfleet up

    Exit codes: 0 ok, 1 some items failed, 2 usage or set-up, 130 interrupted. Every command takes --json.
    """
    ensure_open_files()


def main() -> None:
    """The entry point: every error ends as one clear message and an exit code."""
    ensure_standard_streams()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - shown, with the way to its traceback
        # Ctrl-C while models are imported: pydantic raises an error of its own, with this name in its text.
        sys.exit(INTERRUPTED if KeyboardInterrupt.__name__ in str(error) else _explain(error))


def _explain(error: Exception) -> int:
    """Say what happened and what to do; returns the exit code."""
    # Imported here: importing botocore takes longer than most commands that need no AWS.
    from pixelfleet.aws.configuration import (  # noqa: PLC0415
        SIGN_IN,
        comes_from_configuration,
        lacks_credentials,
        rejected_credentials,
    )

    missing = missing_library(error) if isinstance(error, ModuleNotFoundError) else None
    if missing is not None:
        complain(missing)
        return SETUP
    if isinstance(error, PixelfleetError):
        complain(str(error))
        if lacks_credentials(error):
            say(NO_CREDENTIALS)
        elif rejected_credentials(error):
            say(SIGN_IN)
        return SETUP
    if reason := refusal(error):
        complain(reason)
        return SETUP
    if comes_from_configuration(error):
        complain(f"the AWS configuration cannot be used: {error}\nLook at AWS_* variables and the files in ~/.aws.")
        return SETUP
    if os.environ.get("PIXELFLEET_LOG_LEVEL") == "DEBUG":
        traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    complain(f"{what}\nThis is a bug in pixelfleet {__version__}; PIXELFLEET_LOG_LEVEL=DEBUG shows where.")
    return SOME_FAILED


if __name__ == "__main__":
    main()
