"""Remembers that a task exceeded its soft time limit: code that catches every exception may lose the limit's exception.

billiard sends SIGUSR1, and the handler raises at whatever instruction the process executes. Inside botocore, or in a
callback from C, that exception is lost: the process would be killed at the hard limit, and no log would say why.
"""

import signal
from types import FrameType

from celery.exceptions import SoftTimeLimitExceeded


class TimeLimit:
    """The limit of the current task. Call `install` once in each child, and `begin` at each task."""

    def __init__(self) -> None:
        self.exceeded = False

    def install(self) -> None:
        """Replaces billiard's own handler (billiard/pool.py, soft_timeout_sighandler)."""
        signal.signal(signal.SIGUSR1, self.on_signal)

    def begin(self) -> None:
        self.exceeded = False

    def on_signal(self, number: int = signal.SIGUSR1, frame: FrameType | None = None) -> None:  # noqa: ARG002
        """
        Raises:
            SoftTimeLimitExceeded: always.
        """
        self.exceeded = True
        raise SoftTimeLimitExceeded
