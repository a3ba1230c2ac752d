"""Children below a guard: started, watched, restarted with back-off, stopped together, without threads."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from pixelfleet.errors import PixelfleetError
from pixelfleet.localcloud import child_guard

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0
#: Seconds after which a child counts as healthy: its next death counts as the first again.
SETTLED_AFTER: Final = 60.0
MAX_DEATHS_IN_A_ROW: Final = 5
_TAIL_LINES: Final = 12
_TAIL_BYTES: Final = 16_384


class FleetLostError(PixelfleetError):
    """The fleet cannot go on: a process is dead and stays dead, or work is lost."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process of the fleet. `grace` is in seconds, from SIGTERM to SIGKILL.

    The guard inherits the descriptors of `inherits`, the program itself those of `passes` under the same numbers.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    grace: float = 10.0
    restarts: bool = True
    inherits: tuple[int, ...] = ()
    passes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Death:
    """A child that ended by itself; `delay` is the seconds until its restart."""

    program: Program
    how: str
    delay: float

    def __str__(self) -> str:
        return f"{self.program.name} {self.how}; restarting it in {self.delay:g} s (log: {self.program.log})"


class Child:
    """One run of a program, through its guard."""

    def __init__(self, program: Program) -> None:
        self.program = program
        passes = ",".join(map(str, program.passes))
        with program.log.open("ab") as log:
            self._leash = subprocess.Popen(
                [sys.executable, "-I", "-S", child_guard.__file__, str(program.grace), passes, *program.command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=program.folder,
                env=dict(program.environment),
                pass_fds=program.inherits + program.passes,
                start_new_session=True,
            )
        self.first_word = self._read_line()

    @property
    def pid(self) -> int | None:
        """The number of the program's process, None when the program could not be started."""
        word, _, rest = self.first_word.partition(" ")
        return int(rest) if word == "started" else None

    @property
    def alive(self) -> bool:
        return self._leash.poll() is None

    def how_it_ended(self) -> str:
        """The end of the child in words, after its end."""
        if self.pid is None:
            return f"could not be started: {self.first_word.removeprefix('failed ') or 'no word from its guard'}"
        code = self.exit_code
        if code is None:
            return "was killed together with its guard"
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    @cached_property
    def exit_code(self) -> int | None:
        """The program's exit code after its end: negative for a signal, None when its guard was killed."""
        word, _, code = self._read_line().partition(" ")
        return int(code) if word == "exited" else None

    def ask_to_stop(self) -> None:
        if self._leash.stdin is not None:
            self._leash.stdin.close()

    def wait(self) -> None:
        """Wait for the end of the guard, and so of the whole group; the guard enforces the grace period."""
        self._leash.wait()
        _ = self.exit_code  # read before the pipe is closed
        self.close()

    def kill(self) -> None:
        """Kill the whole group at once, without a grace period."""
        if self.alive:
            self._leash.send_signal(signal.SIGUSR1)

    def close(self) -> None:
        for pipe in (self._leash.stdin, self._leash.stdout):
            if pipe is not None:
                pipe.close()

    def _read_line(self) -> str:
        if self._leash.stdout is None or self._leash.stdout.closed:
            return ""
        return self._leash.stdout.readline().decode("utf-8", "replace").strip()


@dataclass(slots=True)
class _Post:
    """A place in the fleet: the present child, or the time of the next start."""

    child: Child
    started: float
    deaths: int = 0
    due: float | None = None


@dataclass(slots=True)
class ProcessSupervisor:
    """Keeps its children running until `stop`, which the end of a `with` block calls, also after an error.

    `longest_grace` bounds the seconds from SIGTERM to SIGKILL of every child, also after the supervisor was killed.
    """

    clock: Callable[[], float] = time.monotonic
    longest_grace: float = math.inf
    _posts: list[_Post] = field(default_factory=list)

    def __enter__(self) -> "ProcessSupervisor":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, program: Program) -> Child:
        child = Child(replace(program, grace=min(program.grace, self.longest_grace)))
        self._posts.append(_Post(child, self.clock()))
        return child

    def tend(self) -> list[Death]:
        """Restart children that are due; returns the deaths since the last call. Costs a wait() for each child.

        Raises:
            FleetLostError: a child died that must not be restarted, or that dies again and again.
        """
        return [death for post in self._posts if (death := self._tend(post)) is not None]

    def pids(self) -> dict[str, int]:
        """The processes that run now, by the program's name."""
        return {p.child.program.name: p.child.pid for p in self._posts if p.child.alive and p.child.pid is not None}

    def stop(self) -> None:
        """Stop all children, restartable ones first: workers hand back their messages before the cloud stops.

        A KeyboardInterrupt during the wait kills the remaining children at once, and is raised again.
        """
        try:
            for post in self._posts:
                if post.child.program.restarts:
                    post.child.ask_to_stop()
            for post in self._posts:
                if post.child.program.restarts:
                    post.child.wait()
            for post in reversed(self._posts):
                post.child.ask_to_stop()
                post.child.wait()
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill all children at once. For a fleet whose data are no longer needed."""
        for post in self._posts:
            post.child.kill()
        for post in self._posts:
            post.child.wait()
        self._posts.clear()

    def _tend(self, post: _Post) -> Death | None:
        now = self.clock()
        if post.due is not None:
            if now >= post.due:
                post.child, post.started, post.due = Child(post.child.program), now, None
            return None
        if post.child.alive:
            return None
        how = post.child.how_it_ended()
        post.child.close()
        post.deaths = 1 if now - post.started >= SETTLED_AFTER else post.deaths + 1
        program = post.child.program
        if not program.restarts or post.deaths >= MAX_DEATHS_IN_A_ROW:
            raise FleetLostError(_obituary(program, how, post.deaths))
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (post.deaths - 1))
        post.due = now + delay
        return Death(program, how, delay)


def log_tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a child's log, indented; empty for an empty log."""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _TAIL_BYTES))
        text = file.read().decode("utf-8", "replace").splitlines()
    return "\n".join(f"  {line}" for line in text[-lines:])


def _obituary(program: Program, how: str, deaths: int) -> str:
    again = f", {deaths} times in a row" if deaths > 1 else ""
    tail = log_tail(program.log)
    said = f"; the end of its log ({program.log}):\n{tail}" if tail else f"; its log ({program.log}) is empty"
    return f"the {program.name} {how}{again}{said}"
