"""The embedded cloud: ministack as a supervised process on a loopback port, with keys of its own."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pixelfleet.errors import SetupError
from pixelfleet.localcloud.environment import (
    HEALTH,
    LOCAL_REGION,
    STATE_VARIABLE,
    UNREADABLE,
    cloud_variables,
    local_environment,
)
from pixelfleet.localcloud.folder import DataFolder, Identity
from pixelfleet.localcloud.ports import LOOPBACK, answers, claim, lasting_port
from pixelfleet.localcloud.state import ended_unclean
from pixelfleet.localcloud.supervise import Child, ProcessSupervisor, Program, log_tail
from pixelfleet.settings import LOCAL_ACCOUNT

NAME: Final = "embedded cloud"
START_SECONDS: Final = 60.0
#: Writing the state of some 100,000 records takes seconds; cut short, they are gone.
STOP_SECONDS: Final = 60.0
_POLL: Final = 0.05


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running embedded cloud: where it is and how to get in."""

    endpoint_url: str
    identity: Identity
    inherited: Mapping[str, str]
    #: Whether the one before was killed: what waited in its queues is not as it was.
    after_unclean_end: bool = False
    child: Child | None = None

    @property
    def saved(self) -> bool:
        """Once it has been stopped: whether its state is on disk."""
        return self.child is not None and self.child.exit_code == 0

    def exports(self) -> dict[str, str]:
        """What a shell needs."""
        return cloud_variables(self.endpoint_url, self.identity.access_key, self.identity.secret_key)

    def environment(self, scratch: Path) -> dict[str, str]:
        """What a child process needs; its temporary files go to `scratch`."""
        ours = local_environment(self.endpoint_url, self.identity.access_key, self.identity.secret_key, self.inherited)
        return ours | {"TMPDIR": str(scratch)}


def start_emulator(
    supervisor: ProcessSupervisor, folder: DataFolder, *, port: int | None = None, keeps: bool = True
) -> Emulator:
    """Start it and wait until it answers. The port is `port`, else the folder's last one, else a free one.

    `keeps` says whether the state is written at the end, to be there at the next start.

    Raises:
        SetupError: the port is taken, ministack is not installed, or it did not start.
    """
    identity = folder.identity()
    named = port or identity.port
    chosen = claim(named) if named else lasting_port()
    if chosen != identity.port:
        identity = replace(identity, port=chosen)
        folder.remember(identity)
    emulator = Emulator(f"http://{LOOPBACK}:{chosen}", identity, dict(os.environ), ended_unclean(folder.state))
    child = supervisor.start(_program(emulator, folder, keeps=keeps))
    _await_health(child, chosen)
    return replace(emulator, child=child)


def _program(emulator: Emulator, folder: DataFolder, *, keeps: bool) -> Program:
    port = str(emulator.identity.port)
    variables = {
        "GATEWAY_PORT": port,
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_ACCOUNT_ID": LOCAL_ACCOUNT,
        "MINISTACK_REGION": LOCAL_REGION,
        "AUTH": "true",
        "SERVICES": "s3,sqs,sns,dynamodb,sts",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder.objects),
        # The gateway keeps what ministack holds in memory, not ministack itself.
        "PERSIST_STATE": "0",
        **({STATE_VARIABLE: str(folder.state)} if keeps else {}),
        # It removes containers that it takes for its own whenever it finds a Docker daemon: it shall find none.
        "DOCKER_HOST": f"unix://{folder.empty}/no-docker",
    }
    environment = emulator.environment(folder.scratch) | variables
    # It listens here; it has nobody to call there.
    del environment["AWS_ENDPOINT_URL"]
    return Program(
        name=NAME,
        command=(sys.executable, "-P", "-m", "pixelfleet.localcloud.gateway"),
        environment=environment,
        folder=folder.empty,
        log=folder.logs / "cloud.log",
        grace=STOP_SECONDS,
        # A cloud that died has lost what it held in memory: a new one in its place would be an empty one.
        restarts=False,
        inherits=(folder.lock_fd,),
    )


def _await_health(child: Child, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(port, HEALTH):
        if not child.alive:
            if child.exit_code == UNREADABLE:
                raise SetupError(log_tail(child.program.log, lines=1).strip())
            raise SetupError(f"the {NAME} {child.how_it_ended()}:\n{log_tail(child.program.log)}")
        if time.monotonic() > deadline:
            raise SetupError(f"the {NAME} did not answer within {START_SECONDS:g} s; see {child.program.log}")
        time.sleep(_POLL)
