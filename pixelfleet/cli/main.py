"""The `pixelfleet` command: its subcommands, its exit codes, and what a person sees of an error.

Exit codes: 0 ok, 1 some items failed (or an error of pixelfleet itself), 2 usage or set-up, 130 interrupted.
"""

import os
import sys
import traceback
from typing import Annotated, Final

import typer

from pixelfleet import __version__
from pixelfleet.aws.configuration import comes_from_configuration, lacks_credentials
from pixelfleet.cli.app import App
from pixelfleet.cli.batch import batch
from pixelfleet.cli.console import complain, say
from pixelfleet.cli.dashboard import dashboard
from pixelfleet.cli.digest import digest
from pixelfleet.cli.failures import failures
from pixelfleet.cli.machine import ensure_open_files, refusal
from pixelfleet.cli.preflight import preflight
from pixelfleet.cli.provision import provision
from pixelfleet.cli.purge import purge
from pixelfleet.cli.recipe import recipe
from pixelfleet.cli.reconcile import reconcile
from pixelfleet.cli.redrive import redrive
from pixelfleet.cli.render import render
from pixelfleet.cli.rm import rm
from pixelfleet.cli.run import run
from pixelfleet.cli.samples import samples
from pixelfleet.cli.secrets import secrets
from pixelfleet.cli.show import show
from pixelfleet.cli.status import status
from pixelfleet.cli.up import up
from pixelfleet.cli.upload import upload
from pixelfleet.cli.user import user
from pixelfleet.errors import PixelfleetError

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
    # A traceback with all local variables helps nobody at a terminal, and may show a secret.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run)
app.command()(up)
app.command()(upload)
app.command()(status)
app.add_typer(batch)
app.command()(show)
app.command()(rm)
app.command()(provision)
app.command()(render)
app.add_typer(recipe)
app.command()(failures)
app.command()(digest)
app.command()(redrive)
app.command()(purge)
app.command()(reconcile)
app.command()(samples)
app.command()(preflight)
app.add_typer(secrets)
app.command()(dashboard)
app.add_typer(user)


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

    A cloud of your own on this machine, to try the AWS side of things:

        pixelfleet up

    Exit codes: 0 ok, 1 some items failed, 2 usage or set-up, 130 interrupted. Every command takes --json.
    """
    ensure_open_files()


def main() -> None:
    """The entry point: every error ends as one clear message and an exit code."""
    try:
        app()
    except PixelfleetError as error:
        complain(str(error))
        if lacks_credentials(error):
            say(NO_CREDENTIALS)
        sys.exit(SETUP)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - shown, with the way to its traceback
        if reason := refusal(error):
            complain(reason)
            sys.exit(SETUP)
        if comes_from_configuration(error):
            complain(f"the AWS configuration cannot be used: {error}\nLook at AWS_* variables and the files in ~/.aws.")
            sys.exit(SETUP)
        if os.environ.get("PIXELFLEET_LOG_LEVEL") == "DEBUG":
            traceback.print_exc()
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        complain(f"{what}\nThis is a bug in pixelfleet {__version__}; PIXELFLEET_LOG_LEVEL=DEBUG shows where.")
        sys.exit(SOME_FAILED)


if __name__ == "__main__":
    main()
