"""`pixelfleet status`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pixelfleet.catalog.background import BackgroundTask, BackgroundTaskState
from pixelfleet.cli.console import RESULTS, AsJson, age, count, duration, emit, time_left_in_words
from pixelfleet.cli.terminable import terminable
from pixelfleet.cli.watch import again
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.operations.batches import batch_state
from pixelfleet.operations.monitoring import LaneState, Overview, Throughput, Workers, overview
from pixelfleet.settings import load_settings

#: Seconds between two reads.
LOOK_EVERY: Final = 2.0
RECENT_BATCHES: Final = 5
RECENT_TASKS: Final = 5
#: Slots of one bar of the chart: four of fifteen seconds, a minute.
BAR: Final = 4
BARS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """The state of a deployment at one moment."""

    overview: Overview
    batches: tuple[tuple[Batch, Counts], ...]
    background_tasks: tuple[BackgroundTask, ...] = ()


def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again every two seconds until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the queues, the workers, the throughput, the failures, and the time until the queues are empty.

    Below them stand the latest batches and background tasks, such as redrives and bulk actions of the dashboard.

    Lanes are queues; the queue `uploads` holds events for the producer. Only AWS reports the age of the oldest message.
    The rate is counted from the beginning of the backlog. Failures are of the last hour; `pixelfleet failures` shows
    all failures.

        pixelfleet status --watch

        pixelfleet status --json | jq .eta_seconds
    """
    deployment = Deployment(load_settings())
    with terminable("the fleet goes on"), _shown(as_json=as_json, watch=watch) as show:
        show(look(deployment))
        while watch:
            time.sleep(LOOK_EVERY)
            show(again(lambda: look(deployment)))


@contextmanager
def _shown(*, as_json: bool, watch: bool) -> Iterator[Callable[[FleetStatus], None]]:
    """Shows a status as a line of JSON, or on the screen; a watch redraws the screen."""
    if as_json:
        yield lambda current: emit(as_document(current))
    elif not watch:
        yield lambda current: RESULTS.print(as_screen(current))
    else:
        with Live(console=RESULTS, auto_refresh=False) as live:
            yield lambda current: live.update(as_screen(current), refresh=True)


def look(deployment: Deployment) -> FleetStatus:
    """Read the state once."""
    recent = islice(deployment.batches.all(), RECENT_BATCHES)
    batches = tuple((batch, deployment.batches.counts(batch.owner, batch.name)) for batch in recent)
    return FleetStatus(overview(deployment), batches, tuple(deployment.background_tasks.recent(RECENT_TASKS)))


def as_document(current: FleetStatus) -> dict[str, Any]:
    """For scripts. Seconds, images per second; null where unknown."""
    seen, rates = current.overview, current.overview.throughput
    return {
        "at": seen.at,
        "lanes": [asdict(lane) for lane in seen.lanes],
        "workers": [asdict(workers) for workers in seen.workers],
        "images_per_second": round(rates.per_second, 3),
        "ms_per_image": round(rates.ms_per_image) if rates.ms_per_image is not None else None,
        "eta_seconds": round(seen.eta) if seen.eta is not None else None,
        "eta_range_seconds": [_whole(seen.time_left.shortest), _whole(seen.time_left.longest)],
        "last_hour": {"finished": rates.finished, "ready": rates.ready, "failed_by_cause": rates.failed_by_cause},
        "batches": [
            {
                "batch": batch.batch_id,
                "expected": batch.expected,
                "sealed_at": batch.sealed_at,
                "completed_at": batch.completed_at,
                "ready": counts.ready,
                "deleted": counts.deleted,
                "failed_by_cause": counts.failed_by_cause,
            }
            for batch, counts in current.batches
        ],
        "background_tasks": [task.model_dump(mode="json") for task in current.background_tasks],
    }


def _whole(seconds: float | None) -> int | None:
    return round(seconds) if seconds is not None else None


def as_screen(current: FleetStatus) -> RenderableType:
    """For people."""
    rates = current.overview.throughput
    parts: list[RenderableType] = [_lanes(current.overview.lanes, current.overview.workers), Text()]
    parts += [Text(_pace(current.overview)), Text(chart(rates))]
    if rates.failed_by_cause:
        causes = ", ".join(f"{cause} {number:,}" for cause, number in rates.failed_by_cause.items())
        parts.append(Text(f"failed in the last hour: {causes}", style="red"))
    if current.batches:
        parts += [Text(), _batches(current.batches)]
    if current.background_tasks:
        parts += [Text(), _tasks(current.background_tasks, datetime.fromisoformat(current.overview.at))]
    return Group(*parts)


def chart(rates: Throughput) -> str:
    """A bar for each minute of the last hour."""
    slots = [point.per_second for point in rates.series]
    minutes = [sum(slots[start : start + BAR]) / BAR for start in range(0, len(slots), BAR)]
    highest = max(minutes)
    images = count(rates.finished, "image")
    if not highest:
        # No bar contains the slot that is still being counted.
        return f"last hour {images}" if rates.finished else "nothing was finished in the last hour"
    bars = "".join(BARS[-(-int(rate / highest * 1000) * (len(BARS) - 1) // 1000)] for rate in minutes)
    return f"last hour {bars}\n{images}, at most {highest:.1f}/s"


def _lanes(lanes: tuple[LaneState, ...], workers: tuple[Workers, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("lane")
    for column in ("waiting", "in flight", "oldest", "dead letters", "workers", "busy"):
        table.add_column(column, justify="right")
    by_lane = {one.lane.value: one for one in workers}
    for lane in lanes:
        oldest = _oldest(lane.oldest)
        dead_letters = Text(f"{lane.dead_letters:,}", style="red" if lane.dead_letters else "")
        cells = (
            f"{lane.waiting:,}",
            f"{lane.in_flight:,}",
            oldest,
            dead_letters,
            *_running_and_busy(by_lane.get(lane.name)),
        )
        table.add_row(lane.name, *cells)
    return table


def _oldest(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return duration(seconds) if seconds else "-"


def _running_and_busy(workers: Workers | None) -> tuple[str, str]:
    if workers is None:
        return "-", "-"
    desired = f"/{workers.desired}" if workers.desired is not None else ""
    return f"{workers.running}{desired}", f"{workers.busy}" if workers.busy is not None else "-"


def _pace(seen: Overview) -> str:
    rates = seen.throughput
    each = f", {rates.ms_per_image:,.0f} ms each" if rates.ms_per_image is not None else ""
    if seen.eta is None:
        left = "no image of this backlog is finished yet: no ETA"
    elif seen.eta:
        left = f"done in {time_left_in_words(seen.time_left)}"
    else:
        left = "nothing waits"
    return f"{rates.per_second:.1f} images/s{each}; {left}"


def _batches(batches: tuple[tuple[Batch, Counts], ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("batch", overflow="fold")
    for column in ("images", "ready", "failed", "state"):
        table.add_column(column, justify="right", no_wrap=True)
    for batch, counts in batches:
        expected = f"{batch.expected:,}" if batch.expected is not None else "?"
        failed = Text(f"{counts.failed:,}", style="red" if counts.failed else "")
        table.add_row(batch.batch_id, expected, f"{counts.ready:,}", failed, batch_state(batch, counts))
    return table


def _tasks(tasks: tuple[BackgroundTask, ...], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("background task", overflow="fold", ratio=2)
    table.add_column("by", overflow="fold")
    table.add_column("begun", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("", overflow="fold", ratio=3)
    for task in tasks:
        failed = task.state in (BackgroundTaskState.FAILED, BackgroundTaskState.INTERRUPTED)
        state = Text(task.state.value, style="red" if failed else "")
        table.add_row(f"{task.kind}: {task.on}", task.who, f"{age(task.started_at, now)} ago", state, task.message)
    return table
