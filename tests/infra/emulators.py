"""Two emulators for the whole stack: ministack checks IAM and runs the data plane, and moto serves the rest."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

from pixelfleet.localcloud.ports import lasting_port

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
#: The root's key in both emulators. ministack reads the key from its environment.
ROOT: Final = {"AWS_ACCESS_KEY_ID": "AKIAROOTOFTHETESTS00", "AWS_SECRET_ACCESS_KEY": "of-no-account"}
MOTO_SERVICES: Final = (
    "ACM",
    "APPLICATION_AUTO_SCALING",
    "AUTO_SCALING",
    "CLOUDWATCH",
    "EC2",
    "ECS",
    "ELASTIC_LOAD_BALANCING_V2",
)
#: The services that tasks call. Each has its own variable, so that AWS_ENDPOINT_URL stays unset, as on AWS.
TASK_SERVICES: Final = ("CLOUDFRONT", "CLOUDWATCH", "DYNAMODB", "ECS", "S3", "SNS", "SQS")
START_SECONDS: Final = 40


@dataclass(frozen=True, slots=True)
class Emulators:
    """The addresses of both emulators, and clients and environments for them."""

    ministack: str
    moto: str

    @property
    def variables(self) -> dict[str, str]:
        """The variables that send every call of an SDK or of Terraform to the right emulator, as the root."""
        moto = {f"AWS_ENDPOINT_URL_{service}": self.moto for service in MOTO_SERVICES}
        return ROOT | moto | self.data_plane

    @property
    def data_plane(self) -> dict[str, str]:
        """The same variables without moto and without credentials, for a part that runs under its own role."""
        return {"AWS_ENDPOINT_URL": self.ministack, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}

    @property
    def as_aws(self) -> dict[str, str]:
        """The same variables for a part that also calls ECS and CloudWatch, as it does without AWS_ENDPOINT_URL."""
        services = {f"AWS_ENDPOINT_URL_{service}": self.ministack for service in TASK_SERVICES}
        return services | {"AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}

    def client(self, service: str, credentials: Mapping[str, str] = ROOT, *, on_moto: bool = False) -> Any:
        return boto3.session.Session(
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=credentials.get("AWS_SESSION_TOKEN"),
            region_name=REGION,
        ).client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.moto if on_moto else self.ministack,
            config=Config(signature_version="s3v4" if service == "s3" else None, retries={"total_max_attempts": 2}),
        )


@dataclass(frozen=True, slots=True)
class Program:
    """One emulator to start."""

    name: str
    port: int
    command: Sequence[str]
    environment: Mapping[str, str]


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Start moto alone, for plans, which only read. Yields moto's address."""
    with _running(folder, moto := _moto()):
        yield f"http://127.0.0.1:{moto.port}"


@contextlib.contextmanager
def ministack(folder: Path) -> Iterator[Emulators]:
    """Start ministack alone, also in the place of moto, for tests of AWS's refusals at run time."""
    with _running(folder, program := _ministack()):
        address = f"http://127.0.0.1:{program.port}"
        yield Emulators(address, address)


@contextlib.contextmanager
def emulators(folder: Path) -> Iterator[Emulators]:
    """Start both emulators on free ports, with logs in `folder`. Both end with the context."""
    first, second = _ministack(), _moto()
    with _running(folder, first, second):
        yield Emulators(f"http://127.0.0.1:{first.port}", f"http://127.0.0.1:{second.port}")


def _moto() -> Program:
    port = lasting_port()
    command = [sys.executable, "-m", "tests.infra.moto_server", "127.0.0.1", str(port)]
    return Program("moto", port, command, {"AWS_DEFAULT_REGION": REGION, "PYTHONWARNINGS": "ignore"})


def _ministack() -> Program:
    port = lasting_port()
    environment = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "DOCKER_HOST": "unix:///nonexistent",
    }
    return Program("ministack", port, [sys.executable, "-m", "tests.infra.ministack_server"], environment)


@contextlib.contextmanager
def _running(folder: Path, *programs: Program) -> Iterator[None]:
    """Start all programs at once, because each takes seconds to start."""
    with contextlib.ExitStack() as stack:
        started = [(program, stack.enter_context(_process(program, folder))) for program in programs]
        for program, process in started:
            _await_port(process, program.port, folder / f"{program.name}.log")
        yield


@contextlib.contextmanager
def _process(program: Program, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (folder / f"{program.name}.log").open("wb") as output:
        process = subprocess.Popen(
            program.command,
            env=clean | ROOT | dict(program.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[2],
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _await_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/_ministack/health")
            connection.getresponse()
            return
        time.sleep(0.1)
    raise RuntimeError(f"{log.stem} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
