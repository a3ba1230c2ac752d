"""The container image, built and run as its user, with writes to scratch only, and ended by SIGTERM as by ECS."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import boto3
import pytest

from pixelfleet.aws.queues import Queues
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.keys import image_id
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import pump_program
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.settings import Settings
from tests.infra import outside
from tests.infra.debian import BASE, Buildah
from tests.infra.terraform import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("image")]

IMAGE = "localhost/pixelfleet:test"
WORKER = ("celery", "-A", "worker.app", "worker", "-Q", "bulk", "--concurrency", "1")
TIMEOUT = 60.0


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    """buildah with the image built on a Debian base. The storage is deleted after the test run."""
    program, debootstrap = outside.program("buildah"), outside.program("debootstrap")
    if os.geteuid() != 0:
        outside.unavailable("debootstrap and chroot isolation want root")
    tool = Buildah(program, tmp_path_factory.mktemp("buildah"))
    tool.prepare()
    tool.make_base(debootstrap)
    command = [
        sys.executable,
        "infra/packaging/container_image.py",
        "--builder=buildah",
        "--tag",
        IMAGE,
        "--base",
        BASE,
    ]
    subprocess.run(command, env=tool.environment, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
    yield tool
    # vfs keeps a full copy of every layer, which takes gigabytes.
    tool.run("rm", "--all")
    tool.run("rmi", "--all", "--force")


@pytest.fixture(scope="module")
def container(buildah: Buildah) -> Iterator[str]:
    """One container for all tests, because vfs copies the image for each container. No test writes outside /scratch."""
    name = buildah.run("from", IMAGE)
    yield name
    buildah.run("rm", name)


def test_the_image_has_labels_and_runs_as_an_unprivileged_user(buildah: Buildah) -> None:
    described = json.loads(buildah.run("inspect", "--type", "image", IMAGE))["OCIv1"]

    config = described["config"]
    assert config["User"] == "10001:10001"
    assert config["Volumes"] == {"/scratch": {}}
    assert config["Cmd"] == ["pixelfleet", "--help"]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert config["Labels"]["org.opencontainers.image.version"]


def test_the_image_holds_no_compiler_and_its_user_can_write_only_to_scratch(buildah: Buildah, container: str) -> None:
    actual = run(buildah, container, "sh", "-c", "for tool in cc gcc c++ make ld; do command -v $tool; done; true")
    writable = run(
        buildah, container, "sh", "-c", "find / -xdev -writable -type d -not -path '/proc/*' 2>/dev/null; true"
    )

    assert actual == ""
    # These are writable for everybody on every Debian. A task's root file system is also read-only.
    assert set(writable.split()) <= {"/scratch", "/tmp", "/var/tmp", "/run/lock", "/dev/shm", "/dev/mqueue"}


def test_the_command_line_runs_in_the_image(buildah: Buildah, container: str) -> None:
    assert "upload" in run(buildah, container, "pixelfleet", "--help")


def test_the_dashboard_in_the_image_answers_and_ends_on_sigterm(
    buildah: Buildah, container: str, settings: Settings, cloud_environment: dict[str, str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = cloud_environment | {"PIXELFLEET_SESSION_SECRET": "0123456789" * 4}
    command = ("pixelfleet", "dashboard", "--host", "127.0.0.1", "--port", str(port))

    with running_in(buildah, container, environment, command) as dashboard:
        wait_until(lambda: answers(port, "/health") and answers(port, "/ready"), dashboard.log)
        os.kill(dashboard.main_process(b"dashboard"), signal.SIGTERM)

        assert dashboard.process.wait(30) in (0, 1), dashboard.log.read_text()
    assert not answers(port, "/health")


def test_a_worker_in_the_image_processes_a_photo_and_loses_nothing_on_sigterm(
    buildah: Buildah, container: str, settings: Settings, cloud_environment: dict[str, str], cloud_folder: DataFolder
) -> None:
    photo = (REPOSITORY / "tests" / "infra" / "photo.jpg").read_bytes()
    mounted = Path(buildah.run("mount", container))
    s3 = boto3.client("s3")
    with ProcessSupervisor() as supervisor, running_in(buildah, container, cloud_environment, WORKER) as worker:
        wait_until(lambda: "ready." in worker.log.read_text(), worker.log)
        supervisor.start(pump_program(cloud_environment, cloud_folder))
        before = time.time()
        s3.put_object(Bucket=settings.uploads_bucket, Key="first.jpg", Body=photo)
        wait_until(lambda: status(settings, "first.jpg") == "ready", worker.log)

        for number in range(12):
            s3.put_object(Bucket=settings.uploads_bucket, Key=f"{number}.jpg", Body=photo)
        wait_until(lambda: status(settings, "0.jpg") is not None, worker.log)
        os.kill(worker.main_process(b"celery"), signal.SIGTERM)
        assert worker.process.wait(60) == 0, worker.log.read_text()

        waiting = Queues(boto3.client("sqs"), settings).depth(settings.queue_url(Lane.BULK))
        wait_until(
            lambda: Queues(boto3.client("sqs"), settings).depth(settings.uploads_queue_url).waiting == 0, worker.log
        )
        done = sum(status(settings, f"{number}.jpg") == "ready" for number in range(12))
        assert waiting.in_flight == 0
        assert done + Queues(boto3.client("sqs"), settings).depth(settings.queue_url(Lane.BULK)).waiting == 12
        assert list(written_since(mounted, before)) == []


class Running:
    """A program in a container, with its log and the process that ECS's init would signal."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log

    def main_process(self, program: bytes) -> int:
        """The topmost Python below buildah with the program's name among its first arguments."""
        waiting = [self.process.pid]
        while waiting:
            pid = waiting.pop(0)
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if arguments[0].endswith(b"/python") and any(word.endswith(program) for word in arguments[1:4]):
                return pid
            # buildah forks from any of its threads, and each thread lists its own children.
            for thread in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (thread / "children").read_text().split()]
        raise AssertionError(f"no process of {program!r} runs")


@contextmanager
def running_in(
    buildah: Buildah, container: str, environment: dict[str, str], command: Sequence[str]
) -> Iterator[Running]:
    given = {name: value for name, value in environment.items() if name.startswith(("AWS_", "PIXELFLEET_"))}
    log = buildah.folder / f"{container}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(buildah.program), "run", *(f"--env={k}={v}" for k, v in given.items()), container, "--", *command],
            env=buildah.environment,
            stdout=output,
            stderr=output,
        )
    try:
        yield Running(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def written_since(root: Path, moment: float) -> Iterator[str]:
    """Files of the root file system, scratch aside, that were written after a moment."""
    for folder, names, files in os.walk(root):
        inside = Path(folder).relative_to(root)
        names[:] = [name for name in names if str(inside / name) not in {"scratch", "proc", "sys", "dev"}]
        yield from (str(inside / name) for name in files if (Path(folder) / name).lstat().st_mtime > moment)


def run(buildah: Buildah, container: str, *command: str) -> str:
    return buildah.run("run", container, "--", *command)


def status(settings: Settings, key: str) -> str | None:
    requested: Any = {"image_id": {"S": image_id(settings.uploads_bucket, key)}}
    item = boto3.client("dynamodb").get_item(TableName=settings.images_table, Key=requested).get("Item")
    return item["status"]["S"] if item else None


def wait_until(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(log.read_text(errors="replace")[-4000:])
        time.sleep(0.1)
