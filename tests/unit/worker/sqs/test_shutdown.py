"""The request to end, and its effect on the exit code."""

import os
import subprocess
import sys

from worker.sqs.shutdown import EX_OK, EX_UNAVAILABLE, Shutdown, _runs


def test_the_first_request_decides_the_exit_code() -> None:
    shutdown = Shutdown()

    shutdown.ask(EX_UNAVAILABLE, "SQS is gone")
    shutdown.ask(EX_OK, "SIGTERM")

    assert (shutdown.exit_code, shutdown.reason) == (EX_UNAVAILABLE, "SQS is gone")


def test_a_second_signal_hurries_the_shutdown_and_a_second_failure_does_not() -> None:
    shutdown = Shutdown()
    shutdown.ask(EX_OK, "SIGTERM")
    shutdown.ask(EX_UNAVAILABLE, "SQS is gone")
    assert not shutdown.hurry

    shutdown.ask(EX_OK, "SIGTERM")

    assert shutdown.hurry


def test_a_child_runs_until_its_end_whether_it_is_reaped_or_not() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert _runs(child.pid)
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not _runs(child.pid)
    child.wait()
    assert not _runs(child.pid)
