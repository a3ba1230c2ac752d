"""A command ends cleanly at SIGTERM and SIGHUP, unless its caller has set the signal to be ignored."""

import os
import signal
from collections.abc import Iterator

import pytest

from pixelfleet.cli.terminable import terminable


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP])
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    before = signal.getsignal(request.param)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_interrupts(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_DFL)
    with pytest.raises(KeyboardInterrupt), terminable():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is signal.SIG_DFL


def test_a_signal_that_nohup_ignores_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    with terminable():
        os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.SIG_IGN
