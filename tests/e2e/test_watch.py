"""Live output at a terminal: `status --watch`, `batch watch`, `upload --watch`, until Ctrl-C or the end."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import LiveFleet
from tests.integration.cli.command import run, start
from tests.integration.cli.terminal import at_terminal
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow

INTERRUPTED = 130


@pytest.fixture
def env(live: LiveFleet, tmp_path: Path) -> dict[str, str]:
    return os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}


def test_status_is_redrawn_as_things_change_until_ctrl_c(live: LiveFleet, env: dict[str, str], samples: Path) -> None:
    live.deployment.batches.create(live.owner, "b1")
    with at_terminal("status", "--watch", env=env) as terminal:
        terminal.wait_for(rf"{live.owner}/b1 +\? +0 +0 +open")
        looks = terminal.text.count("dead letters")
        ids = [live.upload(samples / name, name) for name in ("photos/greyscale.jpg", "broken/text.jpg")]
        live.settled(ids)
        terminal.wait_for(rf"{live.owner}/b1 +\? +1 +1 +open")
        assert terminal.text.count("dead letters") > looks
        assert terminal.ctrl_c() == INTERRUPTED
    assert "Traceback" not in terminal.text


def test_status_watched_by_a_script_is_a_line_for_each_look(live: LiveFleet, env: dict[str, str]) -> None:
    with start("status", "--watch", "--json", env=env) as process:
        assert process.stdout is not None
        first, second = (json.loads(process.stdout.readline()) for _ in range(2))
        process.terminate()
        assert process.wait(PATIENCE) == INTERRUPTED
    assert first["at"] < second["at"]


def test_a_batch_is_watched_from_open_to_complete(
    live: LiveFleet, env: dict[str, str], samples: Path, tmp_path: Path
) -> None:
    live.deployment.batches.create(live.owner, "b1")
    with at_terminal("batch", "watch", f"{live.owner}/b1", env=env) as terminal:
        terminal.wait_for(r"0 of an open batch")
        uploaded = run("upload", str(samples / "photos/greyscale.jpg"), "--owner", live.owner, "--batch", "b1", env=env)
        assert uploaded.returncode == 0, uploaded.stderr
        terminal.wait_for(rf"{live.owner}/b1 is complete: 1 ready, 0 failed")
        assert terminal.ended() == 0


def test_ctrl_c_ends_the_watching_of_a_batch_and_not_its_work(live: LiveFleet, env: dict[str, str]) -> None:
    live.deployment.batches.create(live.owner, "b1")
    with at_terminal("batch", "watch", f"{live.owner}/b1", env=env) as terminal:
        terminal.wait_for(r"0 of an open batch")
        assert terminal.ctrl_c() == INTERRUPTED
    assert "Traceback" not in terminal.text
    batch = live.deployment.batches.get(live.owner, "b1")
    assert batch is not None
    assert batch.completed_at is None


def test_an_upload_that_is_watched_shows_both_and_ends_with_the_batch(
    live: LiveFleet, env: dict[str, str], samples: Path
) -> None:
    options = ("--owner", live.owner, "--batch", "b1", "--watch")
    with at_terminal("upload", str(samples / "broken"), str(samples / "photos"), *options, env=env) as terminal:
        terminal.wait_for(r"[\d,]+ files, [\d.]+ [kM]?B.* -> s3://")
        done = terminal.wait_for(rf"{live.owner}/b1 is complete: (\d+) ready, (\d+) failed")
        # The broken samples failed.
        assert terminal.ended() == 1
    batch = live.deployment.batches.get(live.owner, "b1")
    assert batch is not None
    assert batch.expected == int(done[1]) + int(done[2])
    # Only the last line reports the complete batch.
    assert len(re.findall("is complete", terminal.text)) == 1
