"""Celery's request, for messages on SQS."""

from typing import Any

from billiard.einfo import ExceptionInfo
from celery.worker.request import Request as CeleryRequest


class TaskMemoryError(Exception):
    """A child ran out of memory: the error of this failure in the main process."""


class Request(CeleryRequest):
    """One message in processing. After a failure of any kind, the message stays in its queue."""

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> None:
        """A task's MemoryError is a failure of the task. In Celery it ends the main process with all other children.

        The child is replaced: other parts of it may have failed to get memory as well.
        """
        if isinstance(_root(exc_info.exception), MemoryError):
            exc_info = _as_failure(exc_info.exception)
        super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)

    def hand_back(self) -> None:
        """Show the message to other workers at once; only for a request that no child has begun."""
        self.message.channel.hand_back(self.message.delivery_tag)


def _root(error: Any) -> Any:
    """The child's own error: billiard wraps the error in order to carry the traceback."""
    return getattr(error, "exc", None) or error


def _as_failure(error: Any) -> Any:
    try:
        raise TaskMemoryError(f"the task ran out of memory: {_root(error)}")  # noqa: TRY301 - for its traceback
    except TaskMemoryError:
        return ExceptionInfo()
