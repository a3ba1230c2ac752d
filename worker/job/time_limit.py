"""A task's soft time limit, kept in mind: code that catches every exception swallows the one that it raises.

billiard sends SIGUSR1, and its handler raises wherever the process happens to be. In the midst of botocore, or in a
callback from C, that exception is lost: the process would be killed at the hard limit, and nothing would say why.
"""

import signal
from types import FrameType

from celery.exceptions import SoftTimeLimitExceeded


class TimeLimit:
    """The limit of the task that this process works on. `install` once a child, `begin` at each task."""

    def __init__(self) -> None:
        self.struck = False

    def install(self) -> None:
        """In place of billiard's own handler (billiard/pool.py, soft_timeout_sighandler)."""
        signal.signal(signal.SIGUSR1, self.strike)

    def begin(self) -> None:
        self.struck = False

    def strike(self, number: int = signal.SIGUSR1, frame: FrameType | None = None) -> None:  # noqa: ARG002
        """
        Raises:
            SoftTimeLimitExceeded: always.
        """
        self.struck = True
        raise SoftTimeLimitExceeded
