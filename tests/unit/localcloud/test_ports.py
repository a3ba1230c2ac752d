"""Each loopback port is chosen only once, even by fleets that start at the same moment."""

import subprocess
import sys
from pathlib import Path

import pytest

from pixelfleet.localcloud.ports import free_near, lasting_port

CHOOSE = "import sys; from pixelfleet.localcloud.ports import free_near; print(free_near(int(sys.argv[1])))"
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_a_port_that_another_process_has_chosen_is_not_free_before_that_process_listens() -> None:
    port = lasting_port()
    assert free_near(port) == port

    other = subprocess.run([sys.executable, "-c", CHOOSE, str(port)], capture_output=True, text=True, check=True)

    assert int(other.stdout) != port


@pytest.mark.skipif(not EPHEMERAL.exists(), reason="the range is read as Linux tells it")
def test_a_lasting_port_is_outside_the_range_of_outgoing_connections() -> None:
    first = int(EPHEMERAL.read_text().split()[0])
    assert {lasting_port() for _ in range(3)} < set(range(1024, first))
