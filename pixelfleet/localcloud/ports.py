"""Loopback ports: free ports, chosen ports, and whether a server answers there."""

import errno
import http.client
import random
import socket
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from pixelfleet.errors import SetupError

LOOPBACK: Final = "127.0.0.1"
#: Connections that wait until the server of a listening socket has started: uvicorn's own number.
_BACKLOG: Final = 2048

T = TypeVar("T", int, socket.socket)


def claim(port: int, option: str = "--port", host: str = LOOPBACK) -> int:
    """A port that the user has chosen, on an address of this machine.

    Raises:
        SetupError: the port is taken; the message names the option for another port. This machine has no such address.
    """
    try:
        return _chosen(partial(_bind, host=host), port, option)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise SetupError(f"this machine has no address {host}: 0.0.0.0 is all addresses that it has") from None
        raise


def listen_on(port: int, option: str = "--port") -> socket.socket:
    """A listening socket on a port that the user has chosen. No other program gets the port while it is open.

    Raises:
        SetupError: the port is taken; the message names the option for another port.
    """
    return _chosen(_listen, port, option)


def listen_near(port: int) -> socket.socket:
    """A listening socket on this port if it is free, else on a lasting port.

    Raises:
        SetupError: every lasting port is taken.
    """
    try:
        return _listen(port)
    except OSError:
        return _lasting(_listen)


#: Below the ports that systems give to outgoing connections (Linux: 32768 and up, by net.ipv4.ip_local_port_range;
#: macOS: 49152 and up).
_LASTING: Final = range(20_000, 32_768)


def lasting_port() -> int:
    """A free port for a server that is started again on the same port: no outgoing connection takes it meanwhile.

    Raises:
        SetupError: every port of the range is taken.
    """
    return _lasting(_bind)


def port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


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


def _chosen(take: Callable[[int], T], port: int, option: str) -> T:
    try:
        return take(port)
    except PermissionError:
        raise SetupError(f"port {port} needs root: choose one above 1023 by {option}") from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SetupError(f"port {port} is taken by another program: stop it, or choose another by {option}") from None


def _lasting(take: Callable[[int], T]) -> T:
    for port in random.sample(_LASTING, len(_LASTING)):
        try:
            return take(port)
        except OSError:
            continue
    raise SetupError(f"no port of {_LASTING.start} to {_LASTING.stop - 1} is free: name a free one by --port")


def _bind(port: int, host: str = LOOPBACK) -> int:
    with _bound(port, host) as probe:
        return port_of(probe)


def _listen(port: int) -> socket.socket:
    listening = _bound(port)
    try:
        # Linux lets two sockets with SO_REUSEADDR have one port until one of them listens: socket(7).
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _bound(port: int, host: str = LOOPBACK) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        # As servers do: a port in TIME_WAIT of an earlier run counts as free.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
