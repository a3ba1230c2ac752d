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
from pixelfleet.localcloud.programs import WORKER_GRACE, pump_program, worker_program
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import Supervisor
from pixelfleet.settings import Settings, load_settings

#: One is enough for what is too large for the others, and it takes much memory.
HEAVY_PROCESSES: Final = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How a fleet is to be started. `workers` are processes of the bulk lane; `keeps` writes the state at the end."""

    data: Path
    workers: int
    port: int | None = None
    keeps: bool = True
    grace: float = WORKER_GRACE
    settings: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedFleet:
    """A running fleet. This process's own environment points at it, as its children's do."""

    emulator: Emulator
    folder: DataFolder
    settings: Settings
    supervisor: Supervisor


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
            environment = emulator.environment(folder.scratch) | dict(plan.settings or {})
            adopt(environment)
            settings = load_settings()
            provision(settings)
            supervisor.start(pump_program(environment, folder))
            for lane, processes in ((Lane.BULK, plan.workers), (Lane.HEAVY, HEAVY_PROCESSES)):
                supervisor.start(worker_program(lane, processes, environment, folder, plan.grace))
            yield EmbeddedFleet(emulator, folder, settings, supervisor)
    finally:
        folder.close()


def adopt(environment: Mapping[str, str]) -> None:
    """Make this process see the cloud that its children see, and nothing of the user's own."""
    for name in [name for name in os.environ if is_cloud_variable(name)]:
        del os.environ[name]
    os.environ.update({name: value for name, value in environment.items() if name != "TMPDIR"})
