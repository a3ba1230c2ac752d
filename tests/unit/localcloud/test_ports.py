"""Loopback ports are chosen once, also by fleets that start at the same moment."""

import subprocess
import sys

from pixelfleet.localcloud.ports import free_near, free_port

CHOOSE = "import sys; from pixelfleet.localcloud.ports import free_near; print(free_near(int(sys.argv[1])))"


def test_a_port_that_another_process_has_chosen_is_taken_before_anybody_listens() -> None:
    port = free_port()
    assert free_near(port) == port

    other = subprocess.run([sys.executable, "-c", CHOOSE, str(port)], capture_output=True, text=True, check=True)

    assert int(other.stdout) != port
