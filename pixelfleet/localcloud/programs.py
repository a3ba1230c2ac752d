"""The fleet's own processes, started as on AWS: the pump in Lambda's place, and Celery workers as in the container."""

import sys
from collections.abc import Mapping
from typing import Final

from pixelfleet.jobs import Lane
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.supervise import Program

#: Seconds from SIGTERM to SIGKILL. A worker cut short loses nothing: its message comes back.
WORKER_GRACE: Final = 15.0
PUMP_GRACE: Final = 5.0


def pump_program(environment: Mapping[str, str], folder: DataFolder) -> Program:
    return Program(
        name="pump",
        # -P: what lies in the working directory is not to be imported.
        command=(sys.executable, "-P", "-m", "producer_lambda.pump"),
        environment=environment,
        folder=folder.empty,
        log=folder.logs / "pump.log",
        grace=PUMP_GRACE,
    )


def worker_program(lane: Lane, processes: int, environment: Mapping[str, str], folder: DataFolder) -> Program:
    """A Celery worker of one lane with that many pool processes."""
    arguments = ("-A", "worker.app", "worker", "-Q", lane.value, "--concurrency", str(processes))
    return Program(
        name=f"{lane.value} worker",
        command=(sys.executable, "-P", "-m", "celery", *arguments, "--hostname", f"{lane.value}@%h"),
        environment=environment,
        folder=folder.empty,
        log=folder.logs / f"worker-{lane.value}.log",
        grace=WORKER_GRACE,
    )
