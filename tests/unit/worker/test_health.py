"""The health check judges the event loop by the age of a file."""

import os
import time
from pathlib import Path

import pytest

from worker import health


@pytest.fixture
def heartbeat_recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIXELFLEET_SCRATCH_DIR", str(tmp_path))
    return health.pulse_file(tmp_path)


def test_a_loop_that_turned_lately_is_healthy(heartbeat_recorder: Path) -> None:
    heartbeat_recorder.touch()

    assert health.main() == 0


def test_a_loop_that_has_not_turned_for_long_is_not(
    heartbeat_recorder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heartbeat_recorder.touch()
    then = time.time() - health.HUNG - 5
    os.utime(heartbeat_recorder, (then, then))

    assert health.main() == 1
    assert "has not turned" in capsys.readouterr().err


def test_a_worker_that_was_never_ready_is_not(heartbeat_recorder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert health.main() == 1
    assert "no worker has been ready" in capsys.readouterr().err


def test_a_ready_worker_keeps_the_pulse_on_its_loop(heartbeat_recorder: Path) -> None:
    class Hub:
        def __init__(self) -> None:
            self.calls: list[tuple[int, object]] = []

        def call_repeatedly(self, interval: int, action: object) -> None:
            self.calls.append((interval, action))

    class Consumer:
        hub = Hub()

    health.keep_pulse(sender=Consumer())

    assert heartbeat_recorder.exists()
    assert [interval for interval, _ in Consumer.hub.calls] == [health.INTERVAL]
