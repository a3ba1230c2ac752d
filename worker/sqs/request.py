"""Celery's request, for messages on SQS."""

from typing import Any

from billiard.einfo import ExceptionInfo
from celery.worker.request import Request as CeleryRequest


class TaskMemoryError(Exception):
    """A child ran out of memory; the name that the failure goes by in the main process."""


class Request(CeleryRequest):
    """One message in work. A failure of any kind leaves the message in its queue."""

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> None:
        """Celery lets a task's MemoryError end the main process, and all other children with it; here it is a failure.

        The child is replaced: other parts of it may have failed to get memory as well.
        """
        if isinstance(_root(exc_info.exception), MemoryError):
            exc_info = _as_failure(exc_info.exception)
        super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)

    def hand_back(self) -> None:
        """Show the message to other workers at once; only for a request that no child has begun."""
        self.message.channel.hand_back(self.message.delivery_tag)


def _root(error: Any) -> Any:
    """Billiard wraps what a child raised to carry its traceback."""
    return getattr(error, "exc", None) or error


def _as_failure(error: Any) -> Any:
    try:
        raise TaskMemoryError(f"the task ran out of memory: {_root(error)}")  # noqa: TRY301 - for its traceback
    except TaskMemoryError:
        return ExceptionInfo()
