"""Messages that wait for a child in the main process, and their visibility.

A worker holds a few messages more than it has children, so that no child waits for SQS. Behind long jobs the visibility
of waiting messages would run out. Each time costs a receive, and a message that is received too often goes to the DLQ
without one attempt. So this module extends the visibility, as a lease does for running tasks.
"""

import time
from typing import Any, Final

from celery import bootsteps

TICK: Final = 1.0


def waiting(consumer: Any) -> list[Any]:
    """Requests that no child has yet: Celery keeps them as callbacks of the pool's semaphore."""
    return [arguments[0] for _, arguments, _ in consumer.controller.semaphore._waiting]  # noqa: SLF001 - nowhere else


class KeepPrefetched(bootsteps.StartStopStep):
    """The consumer step that extends the visibility of waiting messages."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        self._timer = consumer.hub.call_repeatedly(TICK, keep, consumer)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's signature
        if self._timer is not None:
            self._timer.cancel()


def keep(consumer: Any) -> None:
    """Extend what has waited for a third of its visibility since it was received or extended."""
    now = time.monotonic()
    for request in waiting(consumer):
        info = request.message.delivery_info
        if now >= max(info["sqs_received_at"], info.get("sqs_extending_at", 0.0)) + info["sqs_visibility"] / 3:
            info["sqs_extending_at"] = now
            request.message.channel.extend(request.message.delivery_tag)
