"""The soft time limit, by a real signal in a real callback from C."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from worker.job.time_limit import TimeLimit

COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


@pytest.fixture
def limit() -> Iterator[TimeLimit]:
    before = signal.getsignal(signal.SIGUSR1)
    limit = TimeLimit()
    limit.install()
    yield limit
    signal.signal(signal.SIGUSR1, before)


def test_the_limit_is_raised_where_python_runs(limit: TimeLimit) -> None:
    with pytest.raises(SoftTimeLimitExceeded):
        os.kill(os.getpid(), signal.SIGUSR1)
    assert limit.exceeded


def test_a_limit_that_a_callback_from_c_swallowed_is_recorded(
    limit: TimeLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[object] = []
    # ctypes gives an exception that it cannot pass on to this hook; cffi prints the exception likewise.
    monkeypatch.setattr(sys, "unraisablehook", reported.append)

    def compare(_first: int, _second: int) -> int:
        os.kill(os.getpid(), signal.SIGUSR1)
        return 0

    numbers = (ctypes.c_int * 2)(2, 1)
    ctypes.CDLL(None).qsort(numbers, 2, ctypes.sizeof(ctypes.c_int), COMPARE(compare))
    assert reported
    assert limit.exceeded


def test_the_next_task_begins_with_a_new_limit(limit: TimeLimit) -> None:
    with pytest.raises(SoftTimeLimitExceeded):
        limit.on_signal()
    limit.begin()
    assert not limit.exceeded
