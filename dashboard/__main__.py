"""Serves the dashboard: `python -m dashboard --host 127.0.0.1 --port 8080`."""

import argparse
import socket
import sys
from contextlib import suppress

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from dashboard.app import create_app
from dashboard.connections import IDLE_SECONDS, bounded_connections
from pixelfleet.errors import PixelfleetError
from pixelfleet.files.descriptors import take_all_descriptors
from pixelfleet.settings import load_settings

#: Seconds for open requests after SIGTERM. Without a limit, a stream of events would hold the process for ever.
SHUTDOWN_SECONDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dashboard", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on")
    parser.add_argument("--socket", type=int, help="descriptor of a listening socket, instead of address and port")
    arguments = parser.parse_args()
    try:
        app = create_app(load_settings())
    except PixelfleetError as error:
        sys.exit(f"error: {error}")
    config = uvicorn.Config(
        app,
        host=arguments.host,
        port=arguments.port,
        # The dashboard reads X-Forwarded-For itself, and writes its own log.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        http=bounded_connections(take_all_descriptors()),
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    serve(uvicorn.Server(config), arguments.socket)


def serve(server: uvicorn.Server, descriptor: int | None) -> None:
    """Serve at the server's own address, or on the inherited socket."""
    sockets = None if descriptor is None else [socket.socket(fileno=descriptor)]
    # As `uvicorn.run` does: the server ends in order, and raises the SIGINT again that ended it.
    with suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


if __name__ == "__main__":
    main()
