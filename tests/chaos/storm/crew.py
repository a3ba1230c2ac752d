"""The fleet's processes in the storm. They start as on a laptop and are killed at random."""

import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pixelfleet.domain.jobs import Lane
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import pump_program, worker_program
from pixelfleet.localcloud.supervise import Program
from tests.chaos.harness import children_of


@dataclass
class Crew:
    """Two workers of the bulk lane, one worker of the heavy lane, and the pump, by name."""

    folder: DataFolder
    environment: Mapping[str, str]
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    running: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._programs: dict[str, Program] = {
            "bulk 1": worker_program(Lane.BULK, 2, self.environment, self.folder),
            "bulk 2": worker_program(Lane.BULK, 1, self.environment, self.folder),
            "heavy": worker_program(Lane.HEAVY, 1, self.environment, self.folder),
            "pump": pump_program(self.environment, self.folder),
        }

    def start(self) -> None:
        """Start every process that does not run."""
        for name, program in self._programs.items():
            if name in self.running and self.running[name].poll() is None:
                continue
            with (self.folder.logs / f"storm-{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    program.command, env=dict(program.environment), cwd=program.folder, stdout=log, stderr=log
                )

    def strike(self) -> None:
        """Cause one failure, chosen at random."""
        self.chance.choice([self._kill_worker, self._kill_child, self._kill_child, self._stop_worker, self._end_pump])()

    def end(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
            process.wait()

    def unasked_exits(self) -> list[str]:
        """Processes that have ended without an action of the storm."""
        return [name for name, process in self.running.items() if process.poll() not in (None, -signal.SIGKILL, 0)]

    def _kill_worker(self) -> None:
        self._signal(self._some_worker(), signal.SIGKILL, "workers killed")

    def _stop_worker(self) -> None:
        self._signal(self._some_worker(), signal.SIGTERM, "workers stopped")

    def _end_pump(self) -> None:
        number = self.chance.choice([signal.SIGKILL, signal.SIGTERM])
        self._signal("pump", number, "pumps ended")

    def _kill_child(self) -> None:
        process = self.running[self._some_worker()]
        children = children_of(process.pid) if process.poll() is None else ()
        if children:
            os.kill(self.chance.choice(children), signal.SIGKILL)
            self.counts["children killed"] += 1

    def _some_worker(self) -> str:
        return self.chance.choice(["bulk 1", "bulk 2", "heavy"])

    def _signal(self, name: str, number: signal.Signals, what: str) -> None:
        if self.running[name].poll() is None:
            self.running[name].send_signal(number)
            self.counts[what] += 1
