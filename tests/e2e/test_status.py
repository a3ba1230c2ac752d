"""`pixelfleet status` of a running deployment."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import LiveFleet
from tests.integration.cli.command import run
from tests.waiting import eventually

pytestmark = pytest.mark.slow


def status() -> dict[str, Any]:
    finished = run("status", "--json", env=os.environ)
    assert finished.returncode == 0, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def test_finished_images_and_their_workers_are_seen_within_a_slot(live: LiveFleet, samples: Path) -> None:
    before = status()["last_hour"]["finished"]
    live.deployment.batches.create(live.owner, "b1")
    ids = [live.upload(samples / name, name) for name in ("photos/greyscale.jpg", "broken/text.jpg")]
    live.settled(ids)
    actual = eventually(lambda: now if (now := status())["last_hour"]["finished"] >= before + 2 else None)
    assert actual["last_hour"]["failed_by_cause"]["not_an_image"] >= 1
    assert [worker["running"] for worker in actual["workers"]] == [1, 1]
    assert {lane["name"]: lane["waiting"] for lane in actual["lanes"]} == {"uploads": 0, "bulk": 0, "heavy": 0}
    [batch] = [one for one in actual["batches"] if one["batch"] == f"{live.owner}/b1"]
    assert (batch["ready"], batch["failed_by_cause"], batch["completed_at"]) == (1, {"not_an_image": 1}, None)


def test_for_people_it_is_a_table_and_an_idle_fleet_says_so(live: LiveFleet) -> None:
    live.idle()
    finished = run("status", env=os.environ)
    assert "nothing waits" in finished.stdout
    assert "dead letters" in finished.stdout
