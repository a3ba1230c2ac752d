"""Threads that are essential to a worker: if one ends by an error, the worker ends with an exit code.

Such a thread catches every error of its own turns, counts the error as a failure and goes on: botocore alone raises
`RuntimeError` and `KeyError` when a container's credentials endpoint misbehaves. This module handles all other errors.
After the unnoticed death of a thread, a worker would look healthy, hold its messages, and do no work.
"""

import threading
from collections.abc import Callable

from worker.sqs.shutdown import EX_SOFTWARE, shutdown


def end_worker(reason: str) -> None:
    """End this worker with a code that makes ECS replace it. Any thread may call this; it logs nothing."""
    shutdown.ask(EX_SOFTWARE, reason)


def essential_thread(
    name: str, run: Callable[[], None], on_death: Callable[[str], object] = end_worker
) -> threading.Thread:
    """A daemon thread, not yet started. `on_death` gets the reason, on that thread, if an error ends `run`."""

    def guarded() -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread, the worker must end
            on_death(f"the thread {name} ended by {type(error).__name__}: {error}")

    return threading.Thread(target=guarded, name=name, daemon=True)
