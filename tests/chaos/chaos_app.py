"""A Celery app, made by the worker's code, with tasks that misbehave as requested. The tests here start the app.

The tasks log their actions to the file in CHAOS_JOURNAL, one line of JSON for each action.
"""

import ctypes
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from celery import Celery, Task

from worker.sqs.lease import hold, lease_client
from worker.sqs.setup import SETTINGS, set_up

app = Celery("chaos")
app.conf.update(
    SETTINGS,
    task_default_queue="bulk",
    accept_content=["json"],
    worker_hijack_root_logger=False,
    broker_transport_options={"predefined_queues": {"bulk": {"url": os.environ.get("CHAOS_QUEUE", "")}}},
)
app.conf.update(json.loads(os.environ.get("CHAOS_CONFIG", "{}")))
app.conf.broker_transport_options |= json.loads(os.environ.get("CHAOS_OPTIONS", "{}"))
if os.environ.get("CHAOS_STOCK"):
    app.conf.update(broker_transport=None, worker_consumer="celery.worker.consumer:Consumer")
else:
    set_up(app)


def note(what: str, **fields: Any) -> None:
    line = json.dumps({"what": what, "pid": os.getpid(), "at": time.monotonic(), **fields})
    with Path(os.environ["CHAOS_JOURNAL"]).open("a") as journal:
        journal.write(line + "\n")


def receives(task: Any) -> int:
    return int(task.request.properties["delivery_info"]["sqs_message"]["Attributes"]["ApproximateReceiveCount"])


@app.task(bind=True, name="chaos")
def chaos(self: Task[Any, Any], what: str, name: str = "", seconds: float = 0.0) -> None:
    """The task of every message. `what` names the hazard."""
    note("begun", name=name, receives=receives(self))
    HAZARDS[what](self, seconds)
    note("done", name=name)


@app.task(name="noop")
def noop(seconds: float = 0.0) -> None:
    """A task for benchmarks."""
    if seconds:
        time.sleep(seconds)


def fine(task: Any, seconds: float) -> None:
    time.sleep(seconds)


def held(task: Any, seconds: float) -> None:
    """Runs until the test lets it end."""
    released = Path(os.environ["CHAOS_JOURNAL"] + ".released")
    while not released.exists():
        time.sleep(0.02)


def leased(task: Any, seconds: float) -> None:
    with hold(task.request.properties, lease_client()) as lease:
        time.sleep(seconds)
        lease.check()


def fails(task: Any, seconds: float) -> None:
    raise ValueError("asked to fail")


def fails_once(task: Any, seconds: float) -> None:
    if receives(task) == 1:
        raise ValueError("asked to fail the first time")


def out_of_memory(task: Any, seconds: float) -> None:
    raise MemoryError("asked to run out")


def killed(task: Any, seconds: float) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def terminated(task: Any, seconds: float) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(seconds)


def crashes(task: Any, seconds: float) -> None:
    ctypes.string_at(0)


def busy_in_native_code(task: Any, seconds: float) -> None:
    """Sleeps in C, in one call that signals do not interrupt."""
    libc = ctypes.CDLL(None)
    deadline = time.monotonic() + seconds
    libc.sleep.restype = ctypes.c_uint
    while time.monotonic() < deadline:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        libc.sleep(1)


def gives_back(task: Any, seconds: float) -> None:
    try:
        time.sleep(seconds)
    except SystemExit:
        note("gave back")
        raise


HAZARDS = {
    task.__name__: task
    for task in (
        fine,
        held,
        leased,
        fails,
        fails_once,
        out_of_memory,
        killed,
        terminated,
        crashes,
        busy_in_native_code,
        gives_back,
    )
}
