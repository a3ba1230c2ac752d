"""The only task. A return acknowledges the message; after an error the message becomes visible again."""

from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

from celery import Task

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import TASK_NAME, Lane, from_dict
from pixelfleet.settings import Settings, load_settings
from worker.app import app
from worker.heartbeat import heartbeat_recorder, send_invalidations_soon
from worker.job.attempt import Surroundings
from worker.job.engine import supervised
from worker.job.process import Processor
from worker.job.time_limit import TimeLimit
from worker.lanes import GRACE
from worker.metrics import log_outcome
from worker.sqs.lease import hold, lease_client

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@app.task(name=TASK_NAME, bind=True)
def process(self: "Task[Any, Any]", raw: dict[str, Any]) -> None:
    """Carry out one job, given as `pixelfleet.domain.jobs.to_dict` writes it."""
    properties = self.request.properties or {}
    lane = lane_of(properties)
    limit = processor_settings().lanes[lane].time_limit + GRACE
    beating = heartbeat_recorder()
    with hold(properties, leases(), limit) as lease, beating.working() if beating else nullcontext():
        try:
            time_limit().begin()
            image = processor().carry_out(from_dict(raw), lane, lease)
        except Exception:
            # A lost lease sets no visibility any more: the message may be another worker's.
            lease.back_off(lease.receipt.receives)
            raise
    if image is not None:
        log_outcome(image, lane)
        if beating is not None:
            beating.count(image, lane)


def lane_of(properties: dict[str, Any]) -> Lane:
    """The lane of the queue that the message came from, by the queue's URL and not by the message's content."""
    url = properties["delivery_info"]["sqs_queue"]
    return Lane.HEAVY if url == processor_settings().heavy_queue_url else Lane.BULK


@cache
def processor() -> Processor:
    """One for each child process, made at its first job: clients must not cross the fork."""
    settings = processor_settings()
    return Processor(
        Deployment(settings),
        time_limit(),
        Surroundings(engine=supervised(settings), on_invalidation=send_invalidations_soon),
    )


@cache
def time_limit() -> TimeLimit:
    """One for each child process, installed before its first job."""
    limit = TimeLimit()
    limit.install()
    return limit


@cache
def leases() -> "SQSClient":
    """One a child process."""
    settings = processor_settings()
    return lease_client(settings.region, settings.endpoint_url)


@cache
def processor_settings() -> Settings:
    return load_settings()
