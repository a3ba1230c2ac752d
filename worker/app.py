"""The Celery app. `celery -A worker.app worker -Q bulk` (or `heavy`) starts a worker of a lane.

Importing this module reads no environment and makes no connection: the configuration is read when Celery first
asks for it.
"""

from typing import Any

from celery import Celery
from kombu import Queue

from pixelfleet.domain.jobs import TASK_NAME, Lane
from pixelfleet.settings import Settings, load_settings
from worker.sqs.setup import SETTINGS, set_up

app = Celery(
    "pixelfleet",
    include=["worker.tasks", "worker.lanes", "worker.logs", "worker.startup", "worker.heartbeat", "worker.health"],
)


def configuration() -> dict[str, Any]:
    """Celery's settings for this deployment; docs/decisions/celery-on-sqs.md has the reason of each."""
    return celery_settings(load_settings())


def celery_settings(settings: Settings) -> dict[str, Any]:
    queues = {lane.value: {"url": settings.queue_url(lane)} for lane in Lane}
    return SETTINGS | {
        "broker_transport_options": {
            "region": settings.region,
            "predefined_queues": queues,
            "give_up_after_seconds": settings.give_up_seconds,
        },
        "worker_soft_shutdown_timeout": settings.shutdown_seconds,
        "task_default_queue": Lane.BULK.value,
        "task_queues": [Queue(lane.value) for lane in Lane],
        "task_routes": {TASK_NAME: {"queue": Lane.BULK.value}},
        # With three messages in hand, a child does not wait for SQS; the visibility of waiting messages is extended.
        "worker_prefetch_multiplier": 4,
        "worker_hijack_root_logger": False,
        # Metrics are lines on standard output, not log records.
        "worker_redirect_stdouts": False,
        # pyvips and Pillow fragment glibc's heap over thousands of images; a new child costs a second.
        "worker_max_tasks_per_child": 2_000,
        "accept_content": ["json"],
        "task_serializer": "json",
        "enable_utc": True,
    }


app.add_defaults(configuration)
set_up(app)
