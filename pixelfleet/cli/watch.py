"""Waiting for a batch, with its progress: `upload --watch` and `batch watch`."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from rich.progress import BarColumn, SpinnerColumn, TextColumn

from pixelfleet.cli.console import MESSAGES, live_display, say, time_left_in_words
from pixelfleet.cli.progress import LINE_EVERY
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, BatchState, Counts
from pixelfleet.domain.scores import as_simulacra, as_ssim
from pixelfleet.errors import TransientError
from pixelfleet.operations.batch_rows import BatchKind
from pixelfleet.operations.batches import batch_with_counts
from pixelfleet.operations.time_left import TimeLeft, between, time_left

Answer = TypeVar("Answer")

LOOK_EVERY: Final = 1.0
#: Seconds until the next try after AWS did not answer.
ASK_AGAIN: Final = 5.0
#: Looks that a watch remembers: ten minutes.
REMEMBERED: Final = 600


class Looks:
    """The counts of a batch at several moments, and the time left by them."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque(maxlen=REMEMBERED)

    def add(self, now: float, accounted: int) -> None:
        """`now` is in seconds."""
        self._counts.append((now, accounted))

    def time_left(self, left: int) -> TimeLeft:
        """The time left, by the looks since the first finished image: before, the batch waited for a worker."""
        intervals = between(list(self._counts))
        begun = next((number for number, interval in enumerate(intervals) if interval.finished), len(intervals))
        return time_left(intervals[begun:], left)


def watch_batch(deployment: Deployment, owner: str, name: str) -> tuple[Batch, Counts]:
    """Show progress until the batch is complete; returns the batch with its counts.

    A batch that is not sealed is never complete.

    Raises:
        SetupError: there is no such batch.
        TransientError: AWS did not answer the first call; later calls are repeated.
    """
    looks, last_line, first = Looks(), time.monotonic(), True
    with live_display(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30)) as live:
        task = live.add_task(f"{owner}/{name}", total=None)
        while True:
            if first:
                batch, counts = batch_with_counts(deployment, owner, name)
                _say_how_to_seal(batch)
            else:
                batch, counts = again(lambda: batch_with_counts(deployment, owner, name))
            first = False
            now = time.monotonic()
            looks.add(now, counts.accounted)
            words = _words(batch, counts, looks.time_left((batch.expected or counts.accounted) - counts.accounted))
            live.update(task, description=words, completed=counts.accounted, total=batch.expected)
            if batch.state is BatchState.COMPLETE:
                break
            if not MESSAGES.is_terminal and now - last_line >= LINE_EVERY:
                last_line = now
                say(words)
            time.sleep(LOOK_EVERY)
    return batch, counts


def complete_in_words(batch: Batch, counts: Counts) -> str:
    """The last line of a watch."""
    return f"{batch.batch_id} is complete: {in_words(counts)}"


def _say_how_to_seal(batch: Batch) -> None:
    if batch.state is BatchState.OPEN:
        say(
            f"{batch.batch_id} is open: more images may be uploaded, so the batch does not complete. When all images "
            f"are in the bucket, run `pixelfleet batch seal {batch.batch_id}` in another terminal.",
            style="yellow",
        )


def again(ask: Callable[[], Answer]) -> Answer:
    """Repeat a call until AWS answers: a throttle or a broken connection does not end a watch of hours."""
    while True:
        try:
            return ask()
        except TransientError as error:
            say(f"{error}; asking again", style="yellow")
            time.sleep(ASK_AGAIN)


def as_document(batch: Batch, counts: Counts) -> dict[str, object]:
    """For scripts; `expected` is null until the batch is sealed."""
    return {
        "kind": BatchKind.UPLOAD.value,
        "batch": batch.batch_id,
        "recipe": batch.recipe.name if batch.recipe else None,
        "created_at": batch.created_at,
        "expected": batch.expected,
        "sealed_at": batch.sealed_at,
        "completed_at": batch.completed_at,
        "ready": counts.ready,
        "failed": counts.failed,
        "deleted": counts.deleted,
        "failed_by_cause": counts.failed_by_cause,
        "min_score": as_ssim(batch.min_score),
        "min_ssimulacra2": as_simulacra(batch.min_ssimulacra2),
    }


def in_words(counts: Counts) -> str:
    """`98 ready, 2 failed (truncated 2)`."""
    causes = ", ".join(f"{cause} {number:,}" for cause, number in sorted(counts.failed_by_cause.items()))
    deleted = f", {counts.deleted:,} deleted" if counts.deleted else ""
    return f"{counts.ready:,} ready, {counts.failed:,} failed{f' ({causes})' if causes else ''}{deleted}"


def _words(batch: Batch, counts: Counts, left: TimeLeft) -> str:
    whole = f"{batch.expected:,}" if batch.expected is not None else "an open batch"
    rate = f", {left.per_second:.1f}/s" if left.per_second is not None else ""
    words = f"{batch.batch_id}: {counts.accounted:,} of {whole}, {in_words(counts)}{rate}"
    if batch.expected is not None and left.seconds:
        words += f", {time_left_in_words(left)} left"
    return words
