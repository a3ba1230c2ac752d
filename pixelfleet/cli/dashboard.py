"""`pixelfleet dashboard`."""

import os
import sys
from typing import Annotated

import typer

from pixelfleet.cli.console import AsJson, emit
from pixelfleet.extras import check_extra
from pixelfleet.localcloud.ports import claim


def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8080,
    *,
    as_json: AsJson = False,
) -> None:
    """Serve the dashboard and the REST API of the deployment that the environment names.

    `pixelfleet up` starts a dashboard of its own. For a second one, in a shell with the printed lines:

        pixelfleet dashboard --port 8081
    """
    check_extra("dashboard", "the dashboard")
    claim(port, host=host)
    if as_json:
        emit({"dashboard": f"http://{f'[{host}]' if ':' in host else host}:{port}"})
    # The process itself becomes the server and gets all signals.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "dashboard", "--host", host, "--port", str(port)])  # noqa: S606
