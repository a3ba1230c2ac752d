"""The app of these tests. One thread of the worker ends by an error. CHAOS_BROKEN names the thread."""

import os

from tests.chaos.chaos_app import app
from worker.sqs.receive import Receiver
from worker.sqs.settle import AckBatcher

__all__ = ["app"]


class BrokenError(BaseException):
    """An error that no thread catches as the failure of a turn."""


def end(*_: object) -> None:
    raise BrokenError("asked to end")


if os.environ["CHAOS_BROKEN"] == "receive":
    Receiver._poll = end  # type: ignore[method-assign, assignment]
else:
    AckBatcher._send = end  # type: ignore[method-assign, assignment]
