"""The whole fleet on one machine: embedded cloud, resources, pump, workers. `run` and `up` are made of this."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pixelfleet.jobs import Lane
from pixelfleet.localcloud.emulator import Emulator, start_emulator
from pixelfleet.localcloud.environment import is_cloud_variable
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import pump_program, worker_program
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import Supervisor
from pixelfleet.settings import Settings, load_settings

#: One is enough for what is too large for the others, and it takes much memory.
HEAVY_PROCESSES: Final = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How a fleet is to be started. `workers` are processes of the bulk lane.

    A fleet that `keeps` is stopped in good order and writes its state; any other is killed, for nothing of it is kept.
    """

    data: Path
    workers: int
    port: int | None = None
    keeps: bool = True
    #: Whether the heavy lane's worker waits until there is something for it: starting one costs a second of a core.
    heavy_on_demand: bool = False


@dataclass(slots=True)
class EmbeddedFleet:
    """A running fleet. This process's own environment points at it, as its children's do."""

    plan: Plan
    emulator: Emulator
    folder: DataFolder
    settings: Settings
    supervisor: Supervisor
    has_heavy: bool = False

    def start_pump(self) -> None:
        self.supervisor.start(pump_program(self._environment, self.folder))

    def start_worker(self, lane: Lane) -> None:
        processes = HEAVY_PROCESSES if lane is Lane.HEAVY else self.plan.workers
        self.supervisor.start(worker_program(lane, processes, self._environment, self.folder))
        self.has_heavy = self.has_heavy or lane is Lane.HEAVY

    @property
    def _environment(self) -> dict[str, str]:
        return self.emulator.environment(self.folder.scratch)


@contextmanager
def embedded_fleet(plan: Plan) -> Iterator[EmbeddedFleet]:
    """Start everything; stop everything on the way out, whatever the way is.

    Raises:
        SetupError: the data folder or the port is taken, or a part does not start.
    """
    folder = DataFolder.open(plan.data)
    try:
        with Supervisor() as supervisor:
            emulator = start_emulator(supervisor, folder, port=plan.port, keeps=plan.keeps)
            adopt(emulator.environment(folder.scratch))
            settings = load_settings()
            provision(settings)
            fleet = EmbeddedFleet(plan, emulator, folder, settings, supervisor)
            fleet.start_pump()
            fleet.start_worker(Lane.BULK)
            if not plan.heavy_on_demand:
                fleet.start_worker(Lane.HEAVY)
            try:
                yield fleet
            finally:
                if not plan.keeps:
                    supervisor.kill()
    finally:
        folder.close()


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def adopt(environment: Mapping[str, str]) -> None:
    """Make this process see the cloud that its children see, and nothing of the user's own."""
    for name in [name for name in os.environ if is_cloud_variable(name)]:
        del os.environ[name]
    os.environ.update({name: value for name, value in environment.items() if name != "TMPDIR"})
