"""The metrics that alarms and dashboard read are metrics that the worker writes."""

import json
import re

import pytest

from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause
from pixelfleet.telemetry import NAMESPACE
from tests.infra.terraform import REPOSITORY
from worker.metrics import log_outcome

OBSERVABILITY = REPOSITORY / "infra" / "modules" / "observability"


def written(capsys: pytest.CaptureFixture[str], image: Image) -> set[tuple[str, frozenset[str]]]:
    """The metrics, with dimensions, that the outcome of an image writes to standard output."""
    log_outcome(image, Lane.BULK)
    actual = set()
    for line in capsys.readouterr().out.splitlines():
        for metrics in json.loads(line)["_aws"]["CloudWatchMetrics"]:
            assert metrics["Namespace"] == NAMESPACE
            actual |= {
                (metric["Name"], frozenset(dimensions))
                for metric in metrics["Metrics"]
                for dimensions in metrics["Dimensions"]
            }
    return actual


def test_alarms_and_charts_use_the_metrics_that_outcomes_write(capsys: pytest.CaptureFixture[str]) -> None:
    image = Image(image_id="i", owner="o", bucket="b", key="k", status=Status.READY)
    failed = image.model_copy(update={"status": Status.FAILED, "cause": Cause.UNREADABLE})
    texts = (OBSERVABILITY / "main.tf").read_text() + (OBSERVABILITY / "dashboard.tf").read_text()

    metrics = written(capsys, image) | written(capsys, failed)

    assert set(re.findall(r"\bImage[A-Z]\w+|\bImages[A-Z]\w+", texts)) == {name for name, _ in metrics}
    assert {dimensions for name, dimensions in metrics if name == "ImagesFailed"} == {
        frozenset({"lane"}),
        frozenset({"lane", "cause"}),
    }
