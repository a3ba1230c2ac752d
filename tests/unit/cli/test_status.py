"""How `pixelfleet status` shows an overview."""

from rich.console import Console

from pixelfleet.catalog.background import BackgroundTask
from pixelfleet.cli.status import FleetStatus, as_document, as_screen, chart
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.operations.monitoring import LaneState, Overview, Point, Throughput, Workers
from pixelfleet.operations.time_left import TimeLeft

AT = "2026-11-20T12:00:00.000Z"
EARLIER = "2026-11-20T11:57:00.000Z"
QUIET = tuple(Point(AT, 0.0) for _ in range(240))
MOVING = Throughput(12.5, 80.4, 1_500, 1_490, {"truncated": 10}, (*QUIET[4:], *[Point(AT, 8.0)] * 4))


def status(oldest: float | None = 75.0, eta: float | None = 300.0) -> FleetStatus:
    lanes = (LaneState("uploads", 0, 0, 0.0, 0), LaneState("bulk", 3_700, 50, oldest, 2))
    workers = (Workers(Lane.BULK, 3, 4, 3, "ecs"), Workers(Lane.HEAVY, 0, None, 0, "heartbeats"))
    batch = Batch(batch_id="me/b1", owner="me", name="b1", created_at=AT, expected=200, sealed_at=AT)
    task = BackgroundTask(
        id="t1", kind="redrive", who="olga", on="crashed", message="5 jobs sent", started_at=EARLIER, updated_at=AT
    )
    return FleetStatus(
        Overview(AT, lanes, workers, MOVING, eta, TimeLeft(12.5, eta, 240.0, 420.0)),
        ((batch, Counts(ready=99, failed_by_cause={"empty": 1})),),
        (task,),
    )


def printed(actual: FleetStatus) -> str:
    console = Console(width=100, markup=False)
    with console.capture() as capture:
        console.print(as_screen(actual))
    return capture.get()


def test_the_screen_shows_lanes_workers_pace_failures_batches_and_background_tasks() -> None:
    lines = [" ".join(line.split()) for line in printed(status()).splitlines()]
    assert "bulk 3,700 50 75 s 2 3/4 3" in lines
    assert "me/b1 200 99 1 50 %" in lines
    assert "12.5 images/s, 80 ms each; done in 5 min (4 min to 7 min)" in lines
    assert "failed in the last hour: truncated 10" in lines
    assert "redrive: crashed olga 3 min ago running 5 jobs sent" in lines


def test_a_missing_value_is_shown_as_unknown() -> None:
    reported = printed(status(oldest=None, eta=None))
    assert "unknown" in reported
    assert "no ETA" in reported
    document = as_document(status(oldest=None, eta=None))
    assert (document["eta_seconds"], document["lanes"][1]["oldest"]) == (None, None)


def test_the_document_has_everything_as_numbers() -> None:
    document = as_document(status())
    assert document["lanes"][1] == {
        "name": "bulk",
        "waiting": 3_700,
        "in_flight": 50,
        "oldest": 75.0,
        "dead_letters": 2,
    }
    assert (document["images_per_second"], document["eta_seconds"]) == (12.5, 300)
    assert document["eta_range_seconds"] == [240, 420]
    assert document["last_hour"] == {"finished": 1_500, "ready": 1_490, "failed_by_cause": {"truncated": 10}}
    assert document["batches"][0]["failed_by_cause"] == {"empty": 1}
    assert [(task["kind"], task["state"]) for task in document["background_tasks"]] == [("redrive", "running")]


def test_the_chart_has_a_bar_for_every_minute_and_the_highest_bar_is_full() -> None:
    drawn = chart(MOVING).removeprefix("last hour ")[:60]
    assert drawn == " " * 59 + "█"
    assert chart(Throughput(0.0, None, 0, 0, {}, QUIET)) == "nothing was finished in the last hour"
    # These images were finished in the last seconds, which have no bar yet.
    assert chart(Throughput(0.0, None, 5, 5, {}, QUIET)) == "last hour 5 images"
