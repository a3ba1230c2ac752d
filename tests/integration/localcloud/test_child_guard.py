"""No child outlives its owner, however the owner ends. The processes are real. A live process holds a lock."""

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pixelfleet.localcloud.ports import listen_on, port_of
from pixelfleet.localcloud.supervise import Child, FleetLostError, ProcessSupervisor, Program
from tests.waiting import PATIENCE, eventually

#: Locks the file argv[1] and forks. Both processes hold the lock. Both ignore SIGTERM if argv[2] is "stubborn".
HOLDER = """
import fcntl, os, signal, sys, time
lock = open(sys.argv[1], "a")
fcntl.flock(lock, fcntl.LOCK_EX)
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
print("up", flush=True)
time.sleep(600)
"""

#: An owner with one such child under a guard.
OWNER = """
import sys, time
from pathlib import Path
from pixelfleet.localcloud.supervise import ProcessSupervisor
sys.path.insert(0, sys.argv[1])
from tests.integration.localcloud.test_child_guard import holder
supervisor = ProcessSupervisor()
supervisor.start(holder(Path(sys.argv[2]), sys.argv[3], 1.0))
print("ready", flush=True)
time.sleep(600)
"""

#: Answers one connection on the inherited socket argv[1] with its own number, and ends.
ANSWERER = """
import os, socket, sys
connection, _ = socket.socket(fileno=int(sys.argv[1])).accept()
connection.sendall(str(os.getpid()).encode())
"""

ROOT = Path(__file__).parents[3]


def holder(folder: Path, manner: str, grace: float) -> Program:
    return Program(
        "holder",
        (sys.executable, "-c", HOLDER, str(folder / "held"), manner),
        dict(os.environ),
        folder,
        folder / "log",
        grace,
    )


def _held(folder: Path) -> bool:
    with (folder / "held").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _both_up(folder: Path) -> bool:
    return (folder / "log").read_text().count("up") == 2


@pytest.mark.parametrize("manner", ["willing", "stubborn"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_of_a_killed_owner_remains(tmp_path: Path, manner: str, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(ROOT), str(tmp_path), manner], stdout=subprocess.PIPE, cwd=ROOT
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        eventually(lambda: _both_up(tmp_path))
        assert _held(tmp_path)
        owner.send_signal(how)
        owner.wait(PATIENCE)
    eventually(lambda: not _held(tmp_path))


def test_what_a_killed_child_left_behind_goes_with_it(tmp_path: Path) -> None:
    child = Child(holder(tmp_path, "willing", 5.0))
    eventually(lambda: _both_up(tmp_path))
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: not child.alive)
    assert child.how_it_ended() == "was killed by SIGKILL"
    assert not _held(tmp_path)
    child.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death")
def test_a_child_does_not_outlive_even_its_guard(tmp_path: Path) -> None:
    program = Program(
        "sleeper", (sys.executable, "-c", HOLDER.replace("os.fork()", ""), str(tmp_path / "held"), "willing"),
        dict(os.environ), tmp_path, tmp_path / "log",
    )  # fmt: skip
    child = Child(program)
    eventually(lambda: "up" in (tmp_path / "log").read_text())
    assert child.pid is not None
    os.kill(os.getsid(child.pid), signal.SIGKILL)
    eventually(lambda: not _held(tmp_path))
    eventually(lambda: not child.alive)
    assert child.how_it_ended() == "was killed together with its guard"
    child.close()


def test_stop_waits_until_nothing_is_left_and_honours_the_grace(tmp_path: Path) -> None:
    supervisor = ProcessSupervisor()
    supervisor.start(holder(tmp_path, "stubborn", 0.5))
    eventually(lambda: _both_up(tmp_path))
    supervisor.stop()
    assert not _held(tmp_path)


def test_a_supervisor_may_shorten_the_grace_of_all_its_children(tmp_path: Path) -> None:
    supervisor = ProcessSupervisor(longest_grace=0.1)
    supervisor.start(holder(tmp_path, "stubborn", 3_600))
    eventually(lambda: _both_up(tmp_path))
    supervisor.stop()
    assert not _held(tmp_path)


def _program(tmp_path: Path, code: str, *, restarts: bool = True) -> Program:
    return Program(
        "helper",
        (sys.executable, "-c", code),
        dict(os.environ),
        tmp_path,
        tmp_path / "helper.log",
        restarts=restarts,
    )


def test_a_child_that_dies_is_reported_and_restarted(tmp_path: Path) -> None:
    code = "import os, time, pathlib; p = pathlib.Path('ran'); n = len(p.read_text()) if p.exists() else 0\n"
    code += "p.write_text('x' * (n + 1)); os._exit(7) if n == 0 else time.sleep(600)"
    with ProcessSupervisor() as supervisor:
        supervisor.start(_program(tmp_path, code))
        reported: list[str] = []

        def restarted() -> bool:
            reported.extend(str(death) for death in supervisor.tend())
            return (tmp_path / "ran").exists() and (tmp_path / "ran").read_text() == "xx"

        eventually(restarted)
        assert reported == [f"helper ended with exit code 7; restarting it in 0.5 s (log: {tmp_path / 'helper.log'})"]
        assert supervisor.pids().keys() == {"helper"}


def test_a_child_that_keeps_dying_is_an_error_with_the_end_of_its_log(tmp_path: Path) -> None:
    now = 0.0
    supervisor = ProcessSupervisor(clock=lambda: now)
    supervisor.start(_program(tmp_path, "raise SystemExit('no such region')"))
    delays: list[float] = []

    def tend_for_ever() -> None:
        nonlocal now
        while True:
            delays.extend(death.delay for death in supervisor.tend())
            if not supervisor.pids():
                # The clock stands still while a child runs, so a slow start of the child takes no time.
                now += 0.5
            time.sleep(0.02)

    with supervisor, pytest.raises(FleetLostError) as lost:
        tend_for_ever()
    assert delays == [0.5, 1.0, 2.0, 4.0]
    assert "the helper ended with exit code 1, 5 times in a row" in str(lost.value)
    assert str(lost.value).endswith("  no such region")


def test_a_child_that_lived_long_starts_again_from_the_shortest_delay(tmp_path: Path) -> None:
    now = 0.0
    with ProcessSupervisor(clock=lambda: now) as supervisor:
        supervisor.start(_program(tmp_path, "raise SystemExit(1)"))
        delays: list[float] = []
        while len(delays) < 8:
            delays += [death.delay for death in supervisor.tend()]
            now += 61.0
            time.sleep(0.02)
    assert set(delays) == {0.5}


def test_a_child_that_must_not_be_replaced_is_an_error_at_once(tmp_path: Path) -> None:
    with ProcessSupervisor() as supervisor:
        supervisor.start(_program(tmp_path, "raise SystemExit(3)", restarts=False))

        def tend() -> bool:
            return bool(supervisor.tend())

        with pytest.raises(FleetLostError, match=r"the helper ended with exit code 3; its log \(.*\) is empty"):
            eventually(tend)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    program = Program("ghost", ("/no/such/program",), {}, tmp_path, tmp_path / "log")
    child = Child(program)
    eventually(lambda: not child.alive)
    assert child.pid is None
    assert "could not be started: [Errno 2] No such file or directory: '/no/such/program'" in child.how_it_ended()
    child.close()


def test_a_restarted_program_listens_on_the_same_passed_socket_and_no_connection_is_refused_meanwhile(
    tmp_path: Path,
) -> None:
    with listen_on(0) as listening, ProcessSupervisor() as supervisor:
        command = (sys.executable, "-c", ANSWERER, str(listening.fileno()))
        program = Program("answerer", command, dict(os.environ), tmp_path, tmp_path / "log")
        supervisor.start(replace(program, passes=(listening.fileno(),)))
        first, second = (_answer(port_of(listening), supervisor) for _ in range(2))
    assert int(first) != int(second)


def _answer(port: int, supervisor: ProcessSupervisor) -> bytes:
    """What the server at the port sends, while the supervisor restarts dead children."""

    def readable() -> bool:
        supervisor.tend()
        return bool(select.select([client], [], [], 0)[0])

    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        eventually(readable)
        return client.recv(100)
