"""A long call outside Python that a signal may interrupt, such as Celery's soft time limit.

Python runs signal handlers in the main thread, between two instructions. A call into obstore is one instruction, which
may last minutes while S3 is silent. So the main thread leaves the call to a helper thread and waits for the result: a
handler can run, and raise, during that wait.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Final, TypeVar

Result = TypeVar("Result")
#: Seconds.
LONGEST_WAIT: Final = 1.0
_Calls = SimpleQueue[Callable[[], None]]

#: The queues of helper threads that have nothing to do. An abandoned call keeps its helper until the call ends.
_idle: list[_Calls] = []
if hasattr(os, "register_at_fork"):
    # Threads do not survive a fork.
    os.register_at_fork(after_in_child=_idle.clear)


def interruptible(call: Callable[[threading.Event], Result]) -> Result:
    """The result of `call`. In the main thread, an exception that a signal handler raises ends the wait at once.

    `call` gets an event that is set when nobody waits any more; a call that goes on for long should then end. Its
    thread is a daemon, so that a silent server does not hold up the end of the process.
    """
    abandoned = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        return call(abandoned)
    done: Future[Result] = Future()
    calls = _helper()

    def run() -> None:
        try:
            result = call(abandoned)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            _idle.append(calls)
            done.set_exception(error)
        else:
            _idle.append(calls)
            done.set_result(result)

    try:
        calls.put(run)
        while True:
            # A signal that arrives just before the wait begins is handled at the end of the wait.
            wait([done], LONGEST_WAIT)
            if done.done():
                return done.result()
    except BaseException:
        abandoned.set()
        raise


def _helper() -> _Calls:
    """The queue of an idle helper thread."""
    try:
        return _idle.pop()
    except IndexError:
        calls: _Calls = SimpleQueue()
        threading.Thread(target=_serve, args=(calls,), name="s3", daemon=True).start()
        return calls


def _serve(calls: _Calls) -> None:
    while True:
        calls.get()()
