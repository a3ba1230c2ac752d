"""Loopback ports: free ones, wanted ones, and whether somebody answers there."""

import errno
import http.client
import socket
from typing import Final

from pixelfleet.errors import SetupError

LOOPBACK: Final = "127.0.0.1"


def claim(port: int, option: str = "--port") -> int:
    """A port of one's choice, if nobody has it.

    Raises:
        SetupError: it is taken; the message names the option by which to choose another.
    """
    try:
        return _bind(port)
    except PermissionError:
        raise SetupError(f"port {port} needs root: choose one above 1023 by {option}") from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SetupError(f"port {port} is taken by another program: stop it, or choose another by {option}") from None


def free_port() -> int:
    return _bind(0)


def free_near(port: int) -> int:
    """This port if it is free, else any."""
    try:
        return _bind(port)
    except OSError:
        return free_port()


def answers(port: int, path: str) -> bool:
    """Whether an HTTP server there says 200."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _bind(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port in TIME_WAIT, left by the run before, counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))
        return int(probe.getsockname()[1])
