"""The fleet's own processes, started as on AWS: the pump stands for Lambda, workers and dashboard for containers."""

import socket
import sys
from collections.abc import Mapping
from typing import Final

from pixelfleet.domain.jobs import Lane
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.supervise import Program

#: Seconds from SIGTERM to SIGKILL. A killed worker loses nothing: its message becomes visible again.
WORKER_GRACE: Final = 15.0
#: Seconds of the grace for the worker itself, after the jobs' seconds: to end children, hand back and delete.
HAND_BACK: Final = 10.0
PUMP_GRACE: Final = 5.0
DASHBOARD_GRACE: Final = 8.0


def pump_program(environment: Mapping[str, str], folder: DataFolder) -> Program:
    return Program(
        name="pump",
        # -P: modules in the working directory are not imported.
        command=(sys.executable, "-P", "-m", "producer_lambda.pump"),
        environment=environment,
        folder=folder.empty,
        log=folder.logs / "pump.log",
        grace=PUMP_GRACE,
    )


def dashboard_program(listening: socket.socket, environment: Mapping[str, str], folder: DataFolder) -> Program:
    """The dashboard gets the socket that has its port, so that a restarted dashboard has the same port."""
    return Program(
        name="dashboard",
        command=(sys.executable, "-P", "-m", "dashboard", "--socket", str(listening.fileno())),
        environment=environment,
        folder=folder.empty,
        log=folder.logs / "dashboard.log",
        grace=DASHBOARD_GRACE,
        passes=(listening.fileno(),),
    )


def worker_program(lane: Lane, processes: int, environment: Mapping[str, str], folder: DataFolder) -> Program:
    """A Celery worker of one lane with that many pool processes."""
    arguments = ("-A", "worker.app", "worker", "-Q", lane.value, "--concurrency", str(processes))
    shutdown = {"PIXELFLEET_SHUTDOWN_SECONDS": str(max(0, int(WORKER_GRACE - HAND_BACK)))}
    return Program(
        name=f"{lane.value} worker",
        command=(sys.executable, "-P", "-m", "celery", *arguments, "--hostname", f"{lane.value}@%h"),
        environment={**environment, **shutdown},
        folder=folder.empty,
        log=folder.logs / f"worker-{lane.value}.log",
        grace=WORKER_GRACE,
    )
