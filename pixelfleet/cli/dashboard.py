"""`pixelfleet dashboard`."""

import os
import sys
from typing import Annotated

import typer

from pixelfleet.extras import check_extra


def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8080,
) -> None:
    """Serve the dashboard and the REST API of the deployment that the environment names.

    `pixelfleet up` runs one by itself. Beside it, in a shell with the lines that it printed:

        pixelfleet dashboard --port 8081
    """
    check_extra("dashboard", "the dashboard")
    # The process itself becomes the server: signals reach it as they are.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "dashboard", "--host", host, "--port", str(port)])  # noqa: S606
