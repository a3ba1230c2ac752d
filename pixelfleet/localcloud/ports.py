"""Loopback ports: free ports, chosen ports, and whether a server answers there."""

import errno
import fcntl
import http.client
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import Final

from pixelfleet.errors import SetupError

LOOPBACK: Final = "127.0.0.1"


def claim(port: int, option: str = "--port") -> int:
    """A port that the user has chosen.

    Raises:
        SetupError: the port is taken; the message names the option for another port.
    """
    try:
        return _bind(port)
    except PermissionError:
        raise SetupError(f"port {port} needs root: choose one above 1023 by {option}") from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SetupError(f"port {port} is taken by another program: stop it, or choose another by {option}") from None


def free_near(port: int) -> int:
    """This port if it is free, else a lasting one.

    No server listens yet when a port is chosen. So a lock holds the choice until this process ends: a second fleet that
    starts at the same moment takes another port.
    """
    try:
        return _reserve(_bind(port))
    except OSError:
        return lasting_port()


#: Below the ports that systems give to outgoing connections (Linux: 32768 and up, by net.ipv4.ip_local_port_range;
#: macOS: 49152 and up).
_LASTING: Final = range(20_000, 32_768)


def lasting_port() -> int:
    """A free port for a server that is started again on the same port: no outgoing connection takes it meanwhile.

    Raises:
        SetupError: every port of the range is taken.
    """
    for port in random.sample(_LASTING, len(_LASTING)):
        try:
            return _bind(port)
        except OSError:
            continue
    raise SetupError(f"no port of {_LASTING.start} to {_LASTING.stop - 1} is free: name a free one by --port")


def _reserve(port: int) -> int:
    """Raises BlockingIOError, an OSError: another process has chosen this port."""
    path = Path(tempfile.gettempdir()) / f"pixelfleet-{os.getuid()}-port-{port}.lock"
    # The descriptor stays open, and with it the lock, for as long as this process lives.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return port


def answers(port: int, path: str) -> bool:
    """Whether an HTTP server on this port answers 200."""
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
        # As servers do: a port in TIME_WAIT of an earlier run counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))
        return int(probe.getsockname()[1])
