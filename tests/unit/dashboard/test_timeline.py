"""The attempts to process an image, drawn on one scale of time."""

from typing import Any

from dashboard.timeline import AttemptBar, Step, attempt_bars
from pixelfleet.domain.records import AttemptLine, Image
from pixelfleet.errors import Cause
from tests.fakes.records import image_of, record
from tests.unit.dashboard.conftest import Dashboard


def line(at: str, what: str, ms: int | None = None, cause: Cause | None = None) -> AttemptLine:
    return AttemptLine(at=f"2026-11-20T09:00:{at}.000Z", what=what, duration_ms=ms, cause=cause)


def image(*log: AttemptLine, **facts: Any) -> Image:
    return image_of("ana", "b1", 1).model_copy(update={"attempt_log": log, "finished_at": log[-1].at} | facts)


CRASHED = line("04", "will retry", 4_000, Cause.CRASHED)
READY = line("20", "ready", 2_000)


def test_bars_are_on_the_scale_of_the_longest_attempt_and_waits_are_between_them() -> None:
    log = (line("00", "claimed"), CRASHED, line("18", "claimed"), READY)
    assert attempt_bars(image(*log, timings_ms={})) == [
        AttemptBar(CRASHED, 4_000, 100.0, None),
        AttemptBar(READY, 2_000, 50.0, 14.0),
    ]


def test_the_last_attempt_has_its_steps_one_after_another() -> None:
    drawn = attempt_bars(image(line("18", "claimed"), READY, timings_ms={"fetch": 500, "pixels": 1_000}))
    assert drawn[-1].steps == (
        Step("fetch", 500, 0.0, 25.0),
        Step("pixels", 1_000, 25.0, 50.0),
        Step("other", 500, 75.0, 25.0),
    )


def test_steps_of_an_earlier_attempt_are_not_drawn_into_a_later_attempt() -> None:
    log = (line("00", "claimed"), READY, line("30", "claimed"), line("31", "will retry", 1_000, Cause.CRASHED))
    drawn = attempt_bars(image(*log, finished_at=READY.at, timings_ms={"fetch": 500}))
    assert [bar.steps for bar in drawn] == [(), ()]


def test_steps_that_are_rounded_up_do_not_leave_the_scale() -> None:
    short = line("01", "ready", 3)
    [bar] = attempt_bars(image(line("01", "claimed"), short, timings_ms={"fetch": 2, "pixels": 2}))
    assert [(step.name, step.start + step.length) for step in bar.steps] == [("fetch", 50.0), ("pixels", 100.0)]


def test_an_image_without_an_ended_attempt_has_no_bars() -> None:
    assert attempt_bars(image(line("00", "claimed"))) == []


def test_the_page_draws_the_attempt_with_its_duration_and_steps(dashboard: Dashboard) -> None:
    one = record(dashboard.deployment, "ana", "timeline", "a.jpg")
    page = dashboard.browser("ana").get(f"/images/{one.image_id}").text
    assert '<h2 id="attempts-title">Attempts</h2>' in page
    assert "pixels 120 ms" in page
