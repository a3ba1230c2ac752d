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
#: Writing the state of some 100,000 records takes seconds; a kill during the writing would lose the records.
STOP_SECONDS: Final = 60.0
_POLL: Final = 0.05


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running embedded cloud: its address and keys."""

    endpoint_url: str
    identity: Identity
    inherited: Mapping[str, str]
    #: Whether the emulator before was killed: its queues have lost messages.
    after_unclean_end: bool = False
    child: Child | None = None

    @property
    def saved(self) -> bool:
        """Whether the state is on disk; known after the stop."""
        return self.child is not None and self.child.exit_code == 0

    def exports(self) -> dict[str, str]:
        """What a shell needs."""
        return cloud_variables(self.endpoint_url, self.identity.access_key, self.identity.secret_key)

    def environment(self, scratch: Path) -> dict[str, str]:
        """The environment of a child process; its temporary files go to `scratch`."""
        ours = local_environment(self.endpoint_url, self.identity.access_key, self.identity.secret_key, self.inherited)
        return ours | {"TMPDIR": str(scratch)}


def start_emulator(
    supervisor: ProcessSupervisor, folder: DataFolder, *, port: int | None = None, keeps: bool = True
) -> Emulator:
    """Start the emulator and wait until it answers. The port is `port`, else the folder's last port, else a free one.

    `keeps`: the state is written at the end, for the next start.

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
        # The gateway saves ministack's memory, not ministack itself.
        "PERSIST_STATE": "0",
        **({STATE_VARIABLE: str(folder.state)} if keeps else {}),
        # Where ministack finds a Docker daemon, it removes containers that look like its own: it must find none.
        "DOCKER_HOST": f"unix://{folder.empty}/no-docker",
    }
    environment = emulator.environment(folder.scratch) | variables
    # The embedded cloud only listens: it calls no other address.
    del environment["AWS_ENDPOINT_URL"]
    return Program(
        name=NAME,
        command=(sys.executable, "-P", "-m", "pixelfleet.localcloud.gateway"),
        environment=environment,
        folder=folder.empty,
        log=folder.logs / "cloud.log",
        grace=STOP_SECONDS,
        # A cloud that died has lost its memory: a restarted cloud would be empty.
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
