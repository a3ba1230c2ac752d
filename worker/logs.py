"""The worker's logs: one JSON object a line, with the job in it while one is worked on."""

import logging
import sys
from typing import Any

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from celery.signals import setup_logging, worker_init

from pixelfleet.settings import load_settings
from worker.job.scratch import sweep


@setup_logging.connect  # type: ignore[untyped-decorator,unused-ignore]
def log_as_json(loglevel: int | None = None, **_: Any) -> None:
    """Take logging over from Celery, whose lines a log service cannot query."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LambdaPowertoolsFormatter(utc=True, log_record_order=["level", "timestamp", "message"]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(load_settings().log_level.value)
    # Celery says twice of every task what process.py says once, better.
    for chatty in ("celery.worker.strategy", "celery.app.trace", "botocore", "boto3", "urllib3", "PIL"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, loglevel or 0))


@worker_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def clear_scratch(**_: Any) -> None:
    """Delete what workers that were killed left on the scratch disk."""
    swept = sweep(load_settings().scratch_dir)
    if swept:
        logging.getLogger(__name__).warning("deleted %d folders of killed workers", swept)
