"""The health check infers the state of the event loop from the age of a file."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from worker import health


@pytest.fixture
def heartbeat_recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIXELFLEET_SCRATCH_DIR", str(tmp_path))
    return health.pulse_file(tmp_path)


def test_a_loop_that_turned_lately_is_healthy(heartbeat_recorder: Path) -> None:
    health.touch(heartbeat_recorder)

    assert health.main() == 0


def test_a_loop_that_has_not_turned_for_long_is_unhealthy(
    heartbeat_recorder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    health.touch(heartbeat_recorder, lambda: time.monotonic() - health.HUNG - 5)

    assert health.main() == 1
    assert "has not turned" in capsys.readouterr().err


def test_a_clock_that_is_set_back_does_not_hide_a_loop_that_hangs(
    heartbeat_recorder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    health.touch(heartbeat_recorder, lambda: time.monotonic() - health.HUNG - 5)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3_600)

    assert health.main() == 1


def test_a_file_from_before_the_system_start_has_no_age(heartbeat_recorder: Path) -> None:
    health.touch(heartbeat_recorder, lambda: time.monotonic() + 1_000)

    assert health.age(heartbeat_recorder) is None


def test_a_worker_without_a_file_is_unhealthy(heartbeat_recorder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert health.main() == 1
    assert "no worker has been ready" in capsys.readouterr().err


def test_a_ready_worker_touches_the_file_on_its_loop(heartbeat_recorder: Path) -> None:
    class Hub:
        def __init__(self) -> None:
            self.calls: list[tuple[int, object]] = []

        def call_repeatedly(self, interval: int, action: Callable[[Path], None], *arguments: Path) -> None:
            action(*arguments)
            self.calls.append((interval, action))

    class Consumer:
        hub = Hub()

    health.keep_pulse(sender=Consumer())

    assert heartbeat_recorder.exists()
    assert [interval for interval, _ in Consumer.hub.calls] == [health.INTERVAL]
