"""Configures a Celery app for safe work on SQS, in one call."""

from typing import Any, Final

from worker.sqs.prefetched import KeepPrefetched
from worker.sqs.shutdown import Drain

#: Celery settings. Why each: docs/decisions/celery-on-sqs.md.
SETTINGS: Final[dict[str, Any]] = {
    "broker_url": "sqs://",
    "broker_transport": "worker.sqs.transport:Transport",
    "worker_consumer": "worker.sqs.consumer:Consumer",
    # The message survives every end of a task but success.
    "task_acks_late": True,
    "task_acks_on_failure_or_timeout": False,
    "task_reject_on_worker_lost": True,
    "task_ignore_result": True,
    "task_create_missing_queues": False,
    # Seconds to wait for the result of a dead child; during the default of 10 its place would be idle.
    "worker_lost_wait": 2.0,
    # Neither works on SQS.
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    # Well below ECS's stopTimeout of 120, and a Spot notice's two minutes.
    "worker_soft_shutdown_timeout": 30,
    "broker_connection_retry_on_startup": True,
}


def set_up(app: Any) -> None:
    """Give a Celery app this package's request, shutdown, and extension of prefetched messages.

    `SETTINGS` go into its configuration beside this.
    """
    app.Task.Request = "worker.sqs.request:Request"
    app.steps["consumer"].update({Drain, KeepPrefetched})
