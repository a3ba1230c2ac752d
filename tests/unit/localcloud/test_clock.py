"""The embedded cloud when the clock of the machine is set back by an hour or by a day, also between two runs."""

import errno
import itertools
import os
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pixelfleet.localcloud import clock
from pixelfleet.localcloud.clock import EVENTS_OF_A_RUN, SteadyTime, first_sequencer, install, show_in_time
from pixelfleet.localcloud.state import StateError
from tests.clock import Clock

HOUR = 3_600.0
DAY = 24 * HOUR
NOW = 1_800_000_000.0


@pytest.mark.parametrize("step", [-DAY, -HOUR, HOUR, DAY])
def test_the_time_of_queues_advances_steadily_when_the_clock_is_set(step: float) -> None:
    wall, steady = Clock(NOW), Clock(5.0)
    actual = SteadyTime(wall, steady)
    wall.now += step
    steady.now += 30
    assert actual.time() == NOW + 30


def test_steady_time_has_all_other_names_of_the_module_time() -> None:
    assert SteadyTime().monotonic is time.monotonic


def test_a_message_in_flight_comes_back_after_its_visibility_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of ministack's own queue is set back by an hour while a worker holds the message."""
    from ministack.services import s3, sqs  # noqa: PLC0415

    wall, steady = Clock(NOW), Clock()
    monkeypatch.setattr(sqs, "time", time)
    monkeypatch.setattr(s3, "_event_sequence", s3._event_sequence)
    monkeypatch.setattr(clock, "SteadyTime", lambda: SteadyTime(wall, steady))
    install(sqs, s3, None)
    message = {"id": "a", "visible_at": NOW, "sent_at": NOW, "body": "", "receive_count": 0}
    queue: dict[str, Any] = {"is_fifo": False, "messages": [message], "attributes": {}}

    def receive() -> int:
        return len(sqs._collect_msgs(queue, 1, 30))

    assert receive() == 1
    wall.now -= HOUR
    steady.now += 29
    assert receive() == 0
    steady.now += 2
    assert receive() == 1


def test_another_version_of_the_emulator_stops_the_start() -> None:
    with pytest.raises(RuntimeError, match=r"1\.5\.33"):
        install(ModuleType("sqs"), ModuleType("s3"), None)


def test_sequencers_grow_over_runs_although_the_clock_is_set_back(tmp_path: Path) -> None:
    path, now = tmp_path / "sequence", int(NOW * 1e6)
    runs = [first_sequencer(path, now - back * 1_000_000) for back in (0, 86_400, 86_400, 3_600)]
    assert runs[0] == now
    assert all(later - earlier >= EVENTS_OF_A_RUN for earlier, later in itertools.pairwise(runs))


def test_an_advancing_clock_gives_the_sequencers_of_the_emulator(tmp_path: Path) -> None:
    path, now = tmp_path / "sequence", int(NOW * 1e6)
    first_sequencer(path, now)
    assert first_sequencer(path, now + 2 * EVENTS_OF_A_RUN) == now + 2 * EVENTS_OF_A_RUN
    path.write_text("")
    assert first_sequencer(path, now) == now


def test_messages_of_a_run_whose_clock_was_ahead_are_not_hidden_for_a_day() -> None:
    messages: list[dict[str, Any]] = [{"visible_at": NOW + DAY}, {"visible_at": NOW + 40}, {"visible_at": NOW - 5}]
    show_in_time([{"attributes": {"VisibilityTimeout": "1000"}, "messages": messages}], NOW)
    assert [message["visible_at"] - NOW for message in messages] == [1_000, 40, -5]


def test_a_full_disk_stops_the_start_with_the_name_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sequence"
    path.write_text("5")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StateError, match="sequence cannot be written: No space left on device"):
        first_sequencer(path, 1)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("sequence", "5")]


def test_a_pipe_in_place_of_the_file_is_an_error_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sequence")
    with pytest.raises(StateError, match="sequence cannot be read: it is no regular file"):
        first_sequencer(tmp_path / "sequence", 1)
