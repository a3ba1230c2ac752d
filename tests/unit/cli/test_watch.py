"""Watching goes on for hours, and AWS does not answer every time."""

import pytest

from pixelfleet.cli import watch
from pixelfleet.cli.watch import RateMeter, again
from pixelfleet.errors import Cause, SetupError, TransientError


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "ASK_AGAIN", 0.0)


def test_a_watch_outlasts_what_passes_and_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter([TransientError(Cause.THROTTLED, "slow down"), TransientError(Cause.UNAVAILABLE, "gone"), 7])

    def ask() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert again(ask) == 7
    assert capsys.readouterr().err.count("asking again") == 2


def test_what_does_not_pass_ends_it() -> None:
    def ask() -> None:
        raise SetupError("there is no such batch")

    with pytest.raises(SetupError):
        again(ask)


def test_throughput_is_that_of_the_last_minute() -> None:
    pace = RateMeter()
    for second, accounted in ((0.0, 0), (30.0, 300), (90.0, 420)):
        pace.add(second, accounted)
    assert pace.per_second == pytest.approx(2.0)
