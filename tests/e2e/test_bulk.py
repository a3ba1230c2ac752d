"""A hundred images as one batch, by `upload` and by the plain aws CLI, through real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.batch import make, run_batch
from pixelfleet.domain.records import Counts
from tests.e2e.conftest import LiveFleet
from tests.integration.cli.command import run
from tests.waiting import eventually

AWS = str(Path(sys.executable).parent / "aws")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_images_are_one_batch_that_completes_once(tmp_path: Path) -> None:
    result = run_batch(100, 2, tmp_path)
    assert result.expected == 100
    assert result.counts == Counts(ready=99, failed_by_cause={"truncated": 1})
    assert result.notices == {"image.ready": 99, "image.failed": 1, "batch.completed": 1}
    assert result.memory["upload"] < 150
    workers = {name: peak for name, peak in result.memory.items() if name.startswith("worker")}
    assert len(workers) >= 3
    assert max(workers.values()) < 300


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_uploads_by_the_aws_cli_are_a_batch_that_is_followed(live: LiveFleet, tmp_path: Path) -> None:
    folder = make(tmp_path / "in", 100)
    target = f"s3://{live.settings.uploads_bucket}/uploads/{live.owner}/plain/"
    subprocess.run([AWS, "s3", "cp", "--recursive", "--only-show-errors", str(folder), target], check=True)

    eventually(lambda: live.deployment.batches.counts(live.owner, "plain").accounted == 100, seconds=500)
    counts = live.deployment.batches.counts(live.owner, "plain")
    assert counts == Counts(ready=99, failed_by_cause={"truncated": 1})
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    reported = json.loads(run("batch", "show", f"{live.owner}/plain", "--json", env=env).stdout)
    assert (reported["ready"], reported["expected"]) == (99, None)
