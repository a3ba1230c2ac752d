"""A watch runs for hours, and AWS does not answer every request."""

import pytest

from pixelfleet.cli import watch
from pixelfleet.cli.console import time_left_in_words
from pixelfleet.cli.watch import Looks, again
from pixelfleet.errors import Cause, SetupError, TransientError
from pixelfleet.operations.time_left import TimeLeft


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "ASK_AGAIN", 0.0)


def test_a_watch_continues_after_transient_errors_and_reports_them(capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter([TransientError(Cause.THROTTLED, "slow down"), TransientError(Cause.UNAVAILABLE, "gone"), 7])

    def ask() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert again(ask) == 7
    assert capsys.readouterr().err.count("asking again") == 2


def test_a_permanent_error_ends_a_watch() -> None:
    def ask() -> None:
        raise SetupError("there is no such batch")

    with pytest.raises(SetupError):
        again(ask)


def test_a_watch_counts_from_the_first_finished_image() -> None:
    looks = Looks()
    for second in range(120):
        looks.add(float(second), max(0, second - 60) * 16)
    left = looks.time_left(1_600)
    assert left.per_second == pytest.approx(16.0)
    assert left.seconds == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (TimeLeft(), "an unknown time"),
        (TimeLeft(1.0, 50.0, 20.0, None), "about 50 s"),
        (TimeLeft(1.0, 300.0, 240.0, 420.0), "5 min (4 min to 7 min)"),
        (TimeLeft(1.0, 300.0, 299.0, 301.0), "5 min"),
    ],
)
def test_the_time_left_is_shown_with_its_range(left: TimeLeft, words: str) -> None:
    assert time_left_in_words(left) == words
