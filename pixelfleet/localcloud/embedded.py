"""The whole fleet on one machine, for `run` and `up`: embedded cloud, resources, pump, workers, dashboard."""

import math
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import SetupError
from pixelfleet.extras import check_extra
from pixelfleet.localcloud.emulator import START_SECONDS, Emulator, start_emulator
from pixelfleet.localcloud.environment import is_cloud_variable
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.ports import LOOPBACK, answers, listen_near, listen_on, port_of
from pixelfleet.localcloud.programs import dashboard_program, pump_program, worker_program
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import ProcessSupervisor, log_tail
from pixelfleet.settings import Settings, load_settings

#: Processes of the heavy lane. One is enough, and takes much memory.
HEAVY_PROCESSES: Final = 1
DASHBOARD_PORT: Final = 8080
#: Seconds from SIGTERM to SIGKILL of the processes of a fleet that keeps nothing, after its command was killed.
NOTHING_TO_KEEP: Final = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of a fleet. `workers` are processes of the bulk lane.

    A fleet that `keeps` its data ends in order and writes its state; any other fleet is killed.
    """

    data: Path
    workers: int
    port: int | None = None
    keeps: bool = True
    #: The port of the dashboard: 0 for the last port, at first 8080 or a free one; None for no dashboard.
    dashboard_port: int | None = None
    #: Whether the heavy lane's worker starts at its first message: a start costs a second of a core.
    heavy_on_demand: bool = False


@dataclass(slots=True)
class EmbeddedFleet:
    """A running fleet. The environment of this process and of its children points at the fleet."""

    plan: Plan
    emulator: Emulator
    folder: DataFolder
    settings: Settings
    supervisor: ProcessSupervisor
    #: Listens at the dashboard's port as long as this fleet runs; None for no dashboard.
    listening: socket.socket | None = None
    has_heavy: bool = False

    def exports(self) -> dict[str, str]:
        """The environment variables by which a shell uses this fleet."""
        return self.emulator.exports() | _dashboard_variables(self.listening)

    def start_dashboard(self) -> None:
        """Start the dashboard, if the plan has one, and wait until it answers."""
        if self.listening is None:
            return
        child = self.supervisor.start(dashboard_program(self.listening, self._environment, self.folder))
        deadline = time.monotonic() + START_SECONDS
        while not answers(port_of(self.listening), "/health"):
            if not child.alive or time.monotonic() > deadline:
                raise SetupError(f"the dashboard did not start:\n{log_tail(child.program.log)}")
            time.sleep(0.05)

    def start_pump(self) -> None:
        self.supervisor.start(pump_program(self._environment, self.folder))

    def start_worker(self, lane: Lane) -> None:
        processes = HEAVY_PROCESSES if lane is Lane.HEAVY else self.plan.workers
        self.supervisor.start(worker_program(lane, processes, self._environment, self.folder))
        self.has_heavy = self.has_heavy or lane is Lane.HEAVY

    @property
    def _environment(self) -> dict[str, str]:
        return _environment(self.emulator, self.folder, self.listening)


@contextmanager
def embedded_fleet(plan: Plan) -> Iterator[EmbeddedFleet]:
    """Start all parts; stop all parts at the end, also after an error.

    Raises:
        SetupError: the data folder or the port is taken, or a part does not start.
    """
    check_extra("local", "a fleet on this machine")
    with (
        closing(DataFolder.open(plan.data)) as folder,
        _dashboard_socket(plan, folder) as listening,
        _supervisor(plan) as supervisor,
    ):
        emulator = start_emulator(supervisor, folder, port=plan.port, keeps=plan.keeps)
        adopt(_environment(emulator, folder, listening))
        settings = load_settings()
        provision(settings)
        embedded = EmbeddedFleet(plan, emulator, folder, settings, supervisor, listening)
        embedded.start_pump()
        embedded.start_worker(Lane.BULK)
        if not plan.heavy_on_demand:
            embedded.start_worker(Lane.HEAVY)
        embedded.start_dashboard()
        yield embedded


@contextmanager
def _supervisor(plan: Plan) -> Iterator[ProcessSupervisor]:
    """A supervisor whose children are stopped at the end, or killed if the plan keeps nothing."""
    with ProcessSupervisor(longest_grace=math.inf if plan.keeps else NOTHING_TO_KEEP) as supervisor:
        try:
            yield supervisor
        finally:
            if not plan.keeps:
                supervisor.kill()


@contextmanager
def _dashboard_socket(plan: Plan, folder: DataFolder) -> Iterator[socket.socket | None]:
    """The socket of the dashboard. This process keeps it, so that no other program can take the port meanwhile."""
    if plan.dashboard_port is None:
        yield None
        return
    identity = folder.identity()
    named = plan.dashboard_port or identity.dashboard_port
    with listen_on(named, "--dashboard-port") if named else listen_near(DASHBOARD_PORT) as listening:
        folder.remember(replace(identity, dashboard_port=port_of(listening)))
        yield listening


def _environment(emulator: Emulator, folder: DataFolder, listening: socket.socket | None) -> dict[str, str]:
    """The environment of the fleet's processes: the embedded cloud, and the address of the dashboard."""
    environment = emulator.environment(folder.scratch) | _dashboard_variables(listening)
    if listening is not None:
        environment["PIXELFLEET_SESSION_SECRET"] = folder.identity().session_secret
    return environment


def _dashboard_variables(listening: socket.socket | None) -> dict[str, str]:
    return {} if listening is None else {"PIXELFLEET_DASHBOARD_URL": f"http://{LOOPBACK}:{port_of(listening)}"}


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def adopt(environment: Mapping[str, str]) -> None:
    """Point the environment of this process at the cloud of its children, without the user's own AWS variables."""
    for name in [name for name in os.environ if is_cloud_variable(name)]:
        del os.environ[name]
    os.environ.update({name: value for name, value in environment.items() if name != "TMPDIR"})
