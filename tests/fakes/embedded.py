"""The embedded cloud for tests: ministack as a process on a free port, which a test may kill and start again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def client(service: str, url: str, **options: Any) -> Any:
    """A boto3 client with throw-away credentials that gives up soon."""
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(connect_timeout=3, read_timeout=25, retries={"total_max_attempts": 2}, **options),
    )


@dataclass
class EmbeddedCloud:
    """State lies in `folder` and survives `stop` and `start`, not `kill`."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when the health check answers; raises RuntimeError with its log when it does not."""
        log = self.folder / "ministack.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(Path(sys.executable).with_name("ministack"))],
                env=os.environ | CREDENTIALS | self._environment(),
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2):
                return
            time.sleep(0.05)
        raise RuntimeError(f"the embedded cloud did not start: {log.read_text()[-2000:]}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(20)

    def _environment(self) -> dict[str, str]:
        return {
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.folder / "s3"),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.folder / "state"),
        }


@contextlib.contextmanager
def embedded_cloud(folder: Path) -> Iterator[EmbeddedCloud]:
    cloud = EmbeddedCloud(folder)
    cloud.start()
    try:
        yield cloud
    finally:
        if cloud.process is not None and cloud.process.poll() is None:
            cloud.stop(signal.SIGKILL)
