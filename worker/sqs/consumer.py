"""Celery's consumer, for messages on SQS. `worker_consumer="worker.sqs.consumer:Consumer"` selects it."""

import logging
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer

log = logging.getLogger(__name__)


class Consumer(CeleryConsumer):
    """Never acknowledges an unreadable message, and sets how far the channel reads ahead."""

    task_consumer: Any
    initial_prefetch_count: int

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Celery acknowledges, and so deletes, an undecodable message; here the redrive policy keeps it."""
        log.error("left to the redrive policy: message with an undecodable body: %r", exc)
        message.reject()

    def on_ready(self) -> None:
        self.task_consumer.channel.spare = max(0, self.initial_prefetch_count - self.pool.num_processes)
        super().on_ready()
