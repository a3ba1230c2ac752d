"""One log line and one metric line for each finished job."""

import logging
import sys

from aws_lambda_powertools.metrics import MetricUnit

from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, Status
from pixelfleet.telemetry import emf_line

log = logging.getLogger(__name__)


def log_outcome(image: Image, lane: Lane) -> None:
    """Write one outcome: a log line with its identity, a metric line with its lane and cause."""
    seconds = sum(image.timings_ms.values()) / 1000
    logged = {
        "image_id": image.image_id,
        "owner": image.owner,
        "batch": image.batch,
        "key": image.key,
        "cause": image.cause.value if image.cause else None,
        "attempts": image.attempts,
        "timings_ms": image.timings_ms,
    }
    log.info(image.status.value, extra={name: value for name, value in logged.items() if value is not None})
    by_lane = {"lane": lane.value}
    if image.status is Status.READY:
        values = {"ImagesReady": (MetricUnit.Count, 1.0), "ImageSeconds": (MetricUnit.Seconds, seconds)}
        sys.stdout.write(emf_line(by_lane, values) + "\n")
    elif image.status is Status.FAILED:
        # Written twice: CloudWatch does not add up over a dimension, and an alarm on a lane's failures cannot search.
        for dimensions in (by_lane, by_lane | {"cause": str(image.cause)}):
            sys.stdout.write(emf_line(dimensions, {"ImagesFailed": (MetricUnit.Count, 1.0)}) + "\n")
    sys.stdout.flush()
