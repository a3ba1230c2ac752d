"""No program takes a port that another program of ours has chosen."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pixelfleet.errors import SetupError
from pixelfleet.localcloud.ports import lasting_port, listen_near, listen_on, port_of

LISTEN = """
import sys
from pixelfleet.localcloud.ports import listen_near, port_of
print(port_of(listen_near(int(sys.argv[1]))))
"""
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_a_socket_near_a_free_port_has_this_port() -> None:
    port = lasting_port()
    with listen_near(port) as listening:
        assert port_of(listening) == port


def test_a_port_that_one_process_has_chosen_is_taken_for_another_although_no_server_answers_there() -> None:
    with listen_on(lasting_port()) as chosen:
        command = [sys.executable, "-c", LISTEN, str(port_of(chosen))]
        other = subprocess.run(command, capture_output=True, text=True, check=True)

        assert int(other.stdout) != port_of(chosen)
        with pytest.raises(SetupError, match=f"port {port_of(chosen)} is taken by another program.*--dashboard-port"):
            listen_on(port_of(chosen), "--dashboard-port")


def test_a_port_is_free_again_after_its_socket_is_closed() -> None:
    with listen_on(lasting_port()) as first:
        port = port_of(first)
        with socket.create_connection(("127.0.0.1", port)):
            pass
    with listen_on(port) as second:
        assert port_of(second) == port


@pytest.mark.skipif(not EPHEMERAL.exists(), reason="the range is read as Linux tells it")
def test_a_lasting_port_is_outside_the_range_of_outgoing_connections() -> None:
    first = int(EPHEMERAL.read_text().split()[0])
    assert {lasting_port() for _ in range(3)} < set(range(1024, first))
