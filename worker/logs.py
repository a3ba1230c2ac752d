"""The worker's logs: one JSON object a line, which includes the present job."""

import logging
import sys
from typing import Any

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from celery.signals import setup_logging

from pixelfleet.settings import load_settings


@setup_logging.connect  # type: ignore[untyped-decorator,unused-ignore]
def log_as_json(loglevel: int | None = None, **_: Any) -> None:
    """Replace Celery's logging, whose lines a log service cannot query."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LambdaPowertoolsFormatter(utc=True, log_record_order=["level", "timestamp", "message"]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(load_settings().log_level.value)
    # Celery logs twice for each task what worker/metrics.py logs once.
    for chatty in ("celery.worker.strategy", "celery.app.trace", "botocore", "boto3", "urllib3", "PIL"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, loglevel or 0))
