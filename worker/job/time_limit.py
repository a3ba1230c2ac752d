"""A task's soft time limit, kept in mind: C code that calls back into Python swallows the exception that it raises.

billiard sends SIGUSR1 and its handler raises wherever the child happens to be. In a callback of libvips or in the
midst of botocore that exception is lost, and the child would be killed at the hard limit without a word about why.
"""

import signal
from types import FrameType

from celery.exceptions import SoftTimeLimitExceeded

from pixelfleet.images.progress import stop_when


class TimeLimit:
    """The limit of the task that this process works on. `install` once a child, `begin` at each task."""

    def __init__(self) -> None:
        self.struck = False

    def install(self) -> None:
        """In place of billiard's own handler (billiard/pool.py, soft_timeout_sighandler)."""
        signal.signal(signal.SIGUSR1, self.strike)
        stop_when(lambda: self.struck)

    def begin(self) -> None:
        self.struck = False

    def strike(self, number: int = signal.SIGUSR1, frame: FrameType | None = None) -> None:  # noqa: ARG002
        """
        Raises:
            SoftTimeLimitExceeded: always.
        """
        self.struck = True
        raise SoftTimeLimitExceeded
