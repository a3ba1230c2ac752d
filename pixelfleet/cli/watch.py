"""Waiting for a batch, with its progress: `upload --watch` and `batch watch`."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from pixelfleet.cli.console import MESSAGES, duration, emit, say
from pixelfleet.cli.progress import LINE_EVERY
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.errors import SetupError, TransientError

Look = TypeVar("Look")

LOOK_EVERY: Final = 1.0
#: Seconds until AWS is asked again after it did not answer.
ASK_AGAIN: Final = 5.0
#: Seconds over which throughput is measured.
WINDOW: Final = 60.0


class RateMeter:
    """Images a second over the last `WINDOW` seconds, of counts as they are seen."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, int]] = []

    def add(self, now: float, accounted: int) -> None:
        self._seen = [*(seen for seen in self._seen if now - seen[0] <= WINDOW), (now, accounted)]

    @property
    def per_second(self) -> float:
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        return (last - first) / (now - began) if now > began else 0.0


def watch_batch(deployment: Deployment, owner: str, name: str, *, as_json: bool) -> None:
    """Until the batch is complete. An unsealed one never is: more may be uploaded to it.

    Raises:
        SetupError: there is no such batch.
        TransientError: AWS did not answer the first time; later, it is asked again.
    """
    rate, last_line, first = RateMeter(), time.monotonic(), True
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30), console=MESSAGES, transient=True
    ) as live:
        task = live.add_task(f"{owner}/{name}", total=None)
        while True:
            batch, counts = look(deployment, owner, name) if first else again(lambda: look(deployment, owner, name))
            first = False
            now = time.monotonic()
            rate.add(now, counts.accounted)
            words = _words(batch, counts, rate.per_second)
            live.update(task, description=words, completed=counts.accounted, total=batch.expected)
            if batch.completed_at:
                break
            if not MESSAGES.is_terminal and now - last_line >= LINE_EVERY:
                last_line = now
                say(words)
            time.sleep(LOOK_EVERY)
    if as_json:
        emit(as_document(batch, counts))
    else:
        say(f"{owner}/{name} is complete: {told(counts)}")


def again(ask: Callable[[], Look]) -> Look:
    """Ask until there is an answer: who watches for hours is not to be turned away by a throttle or a broken line."""
    while True:
        try:
            return ask()
        except TransientError as error:
            say(f"{error}; asking again", style="yellow")
            time.sleep(ASK_AGAIN)


def look(deployment: Deployment, owner: str, name: str) -> tuple[Batch, Counts]:
    """
    Raises:
        SetupError: there is no such batch.
    """
    batch = deployment.batches.get(owner, name)
    if batch is None:
        raise SetupError(f"there is no batch {owner}/{name}; `pixelfleet batch list` shows those that there are")
    return batch, deployment.batches.counts(owner, name)


def as_document(batch: Batch, counts: Counts) -> dict[str, object]:
    """For scripts; `expected` is null until the batch is sealed."""
    return {
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
    }


def told(counts: Counts) -> str:
    """`98 ready, 2 failed (truncated 2)`."""
    causes = ", ".join(f"{cause} {number:,}" for cause, number in sorted(counts.failed_by_cause.items()))
    deleted = f", {counts.deleted:,} deleted" if counts.deleted else ""
    return f"{counts.ready:,} ready, {counts.failed:,} failed{f' ({causes})' if causes else ''}{deleted}"


def _words(batch: Batch, counts: Counts, rate: float) -> str:
    whole = f"{batch.expected:,}" if batch.expected is not None else "an open batch"
    words = f"{batch.batch_id}: {counts.accounted:,} of {whole}, {told(counts)}, {rate:.1f}/s"
    if batch.expected is not None and rate:
        words += f", {duration((batch.expected - counts.accounted) / rate)} left"
    return words
