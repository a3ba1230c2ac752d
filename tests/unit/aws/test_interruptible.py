"""Calls that the main thread runs in a helper thread."""

import os
import signal
import threading

import pytest

from pixelfleet.aws.interruptible import interruptible
from tests.fakes.errors import LimitError


def test_the_caller_gets_the_result_or_the_error_of_a_call() -> None:
    def fail(_: threading.Event) -> None:
        raise ValueError("theirs")

    assert interruptible(lambda _: 7) == 7
    with pytest.raises(ValueError, match="theirs"):
        interruptible(fail)
    assert interruptible(lambda _: 8) == 8


def test_the_main_thread_uses_one_helper_thread_and_other_threads_call_directly() -> None:
    first, second = (interruptible(lambda _: threading.get_ident()) for _ in range(2))
    assert first == second != threading.get_ident()
    own: list[bool] = []
    thread = threading.Thread(
        target=lambda: own.append(interruptible(lambda _: threading.get_ident()) == threading.get_ident())
    )
    thread.start()
    thread.join()
    assert own == [True]


def test_an_interrupted_call_is_abandoned_and_does_not_delay_the_next_call() -> None:
    main, release, seen = threading.get_ident(), threading.Event(), threading.Event()

    def raise_limit(*_: object) -> None:
        raise LimitError

    def stall(abandoned: threading.Event) -> None:
        signal.pthread_kill(main, signal.SIGALRM)
        if abandoned.wait(30):
            seen.set()
        release.wait(30)

    before = signal.signal(signal.SIGALRM, raise_limit)
    try:
        with pytest.raises(LimitError):
            interruptible(stall)
        assert seen.wait(30)
        assert interruptible(lambda _: "next") == "next"
    finally:
        signal.signal(signal.SIGALRM, before)
        release.set()


def test_a_forked_child_has_its_own_helper_thread() -> None:
    assert interruptible(lambda _: 1) == 1
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(0 if interruptible(lambda _: 2) == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
