"""A long call outside Python that a signal may interrupt, such as Celery's soft time limit.

Python runs signal handlers in the main thread, between two instructions. A call into obstore is one instruction, which
may last minutes while S3 is silent. So the main thread leaves the call to a helper thread and waits for the result: a
handler can run, and raise, during that wait.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def interruptible(call: Callable[[threading.Event], Result]) -> Result:
    """The result of `call`. In the main thread, an exception that a signal handler raises ends the wait at once.

    `call` gets an event that is set when nobody waits any more; a call that goes on for long should then end. Its
    thread is a daemon, so that a silent server does not hold up the end of the process.
    """
    abandoned = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        return call(abandoned)
    done: Future[Result] = Future()
    threading.Thread(target=_run, args=(call, abandoned, done), name="s3", daemon=True).start()
    try:
        return done.result()
    except BaseException:
        abandoned.set()
        raise


def _run(call: Callable[[threading.Event], Result], abandoned: threading.Event, done: "Future[Result]") -> None:
    try:
        done.set_result(call(abandoned))
    except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
        done.set_exception(error)
