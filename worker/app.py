"""The Celery app. `celery -A worker.app worker -Q bulk` (or `heavy`) starts a worker of a lane.

Importing this module reads no environment and makes no connection: the configuration is read when Celery first
asks for it.
"""

from typing import Any

from celery import Celery
from kombu import Queue

from pixelfleet.jobs import TASK_NAME, Lane
from pixelfleet.settings import Settings, load_settings

app = Celery("pixelfleet", include=["worker.tasks", "worker.lanes", "worker.logs"])


def configuration() -> dict[str, Any]:
    """Celery's settings for this deployment; what each prevents is told in docs/decisions/celery-on-sqs.md."""
    return celery_settings(load_settings())


def celery_settings(settings: Settings) -> dict[str, Any]:
    queues = {lane.value: {"url": settings.queue_url(lane)} for lane in Lane}
    return {
        "broker_url": "sqs://",
        "broker_transport_options": {
            "region": settings.region,
            "predefined_queues": queues,
            # kombu waits this long between receives; its default of 1 s is a throttle of two tasks a second.
            "polling_interval": 0.1,
            "wait_time_seconds": 15,
        },
        "broker_connection_retry_on_startup": True,
        "task_default_queue": Lane.BULK.value,
        "task_create_missing_queues": False,
        "task_queues": [Queue(lane.value) for lane in Lane],
        "task_routes": {TASK_NAME: {"queue": Lane.BULK.value}},
        # The message outlives every way that a task can end but success.
        "task_acks_late": True,
        "task_acks_on_failure_or_timeout": False,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        # Metrics are lines on standard output; as log records they would be none.
        "worker_redirect_stdouts": False,
        # pyvips and Pillow fragment glibc's heap over thousands of images; a new child costs a second.
        "worker_max_tasks_per_child": 2_000,
        "accept_content": ["json"],
        "task_serializer": "json",
        "enable_utc": True,
    }


app.add_defaults(configuration)
