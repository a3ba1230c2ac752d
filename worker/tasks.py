"""The one task. Returning acknowledges the message; raising leaves it to come back."""

from functools import cache
from typing import Any

from celery import Task

from pixelfleet.bootstrap import Fleet
from pixelfleet.jobs import TASK_NAME, Lane, from_dict
from pixelfleet.settings import Settings, load_settings
from worker.account import account
from worker.app import app
from worker.process import Processor


@app.task(name=TASK_NAME, bind=True)
def process(self: "Task[Any, Any]", raw: dict[str, Any]) -> None:
    """Carry out one job, given as `pixelfleet.jobs.to_dict` writes it."""
    lane = lane_of(self.request.properties or {})
    image = processor().carry_out(from_dict(raw), lane, _Unleased())
    if image is not None:
        account(image, lane)


class _Unleased:
    def check(self) -> None:
        return


def lane_of(properties: dict[str, Any]) -> Lane:
    """The lane whose queue the message came from, by the queue's URL; what the message says of itself is not asked."""
    url = properties["delivery_info"]["sqs_queue"]
    return Lane.HEAVY if url == processor_settings().heavy_queue_url else Lane.BULK


@cache
def processor() -> Processor:
    """One a child process, made at its first job: clients must not cross the fork."""
    return Processor(Fleet(processor_settings()))


@cache
def processor_settings() -> Settings:
    return load_settings()
