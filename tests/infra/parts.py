"""Runs the product's parts as their tasks would, with helpers that upload objects and wait for the results."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pixelfleet.domain.keys import image_id
from tests.infra.stack import Stack
from tests.infra.terraform import REPOSITORY
from tests.waiting import PATIENCE

TIMEOUT: Final = PATIENCE


def task_environment(stack: Stack, part: str, scratch: Path) -> dict[str, str]:
    """The environment of a part's container, by its task definition and its role's policy. `scratch` is its /scratch.

    The caller adds the addresses of the emulators.
    """
    folders = {name: str(scratch) for name in ("PIXELFLEET_SCRATCH_DIR", "HOME", "TMPDIR")}
    environment = stack.task_environment(part) | stack.credentials(part) | folders
    assert all(environment[name] for name in stack.environment)
    return environment | {"PATH": "/usr/bin:/bin"}


@contextlib.contextmanager
def running(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run a part by `python -m` until the context ends. Its output goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=environment, stdout=output, stderr=output, cwd=REPOSITORY
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def results(stack: Stack) -> str:
    return str(stack.outputs["results_bucket"])


def put(stack: Stack, key: str, body: bytes) -> None:
    stack.client("s3").put_object(Bucket=stack.outputs["uploads_bucket"], Key=key, Body=body)


def await_status(stack: Stack, key: str, status: str, log: Path) -> dict[str, Any]:
    """Wait until the image has that status. Returns the record."""
    table = stack.outputs["table_names"]["images"]
    requested = {"image_id": {"S": image_id(stack.outputs["uploads_bucket"], key)}}
    actual: dict[str, Any] = {}

    def settled() -> bool:
        actual.update(stack.client("dynamodb").get_item(TableName=table, Key=requested).get("Item", {}))
        return bool(actual.get("status", {}).get("S") == status)

    await_true(settled, f"{key} is {status}", log)
    return actual


def depth(stack: Stack, url: str) -> int:
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def await_true(condition: Callable[[], bool], what: str, log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {TIMEOUT:g} s: {what}\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.2)
