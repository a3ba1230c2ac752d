"""The live display of `run`, `render` and `batch download`; without a terminal, a line every ten seconds."""

import time
from typing import Final, Self

from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn

from pixelfleet.cli.console import MESSAGES, duration, live_display, say
from pixelfleet.report import ReportImage

LINE_EVERY: Final = 10.0


class RunProgress:
    """Counts finished images. At the end of the `with` block the terminal is as before."""

    def __init__(self, total: int, doing: str) -> None:
        self._total = total
        self._ready = self._failed = 0
        self._first: float | None = None
        self._last_line = time.monotonic()
        self._live = live_display(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TextColumn("[green]{task.fields[ready]:,} ready"),
            TextColumn("[red]{task.fields[failed]:,} failed"),
            TextColumn("{task.fields[pace]}"),
        )
        self._task: TaskID = self._live.add_task(doing, total=total, ready=0, failed=0, pace="")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def working(self) -> None:
        """Show that the preparations are done."""
        self._live.update(self._task, description="working")

    def add(self, image: ReportImage) -> None:
        if image.status == "ready":
            self._ready += 1
        else:
            self._failed += 1
        self._live.update(
            self._task, completed=self._ready + self._failed, ready=self._ready, failed=self._failed, pace=self.pace()
        )
        if (
            not MESSAGES.is_terminal
            and self._ready + self._failed < self._total
            and time.monotonic() - self._last_line >= LINE_EVERY
        ):
            self._last_line = time.monotonic()
            counts = (
                f"{self._ready + self._failed:,} of {self._total:,}: {self._ready:,} ready, {self._failed:,} failed"
            )
            say(", ".join(filter(None, [counts, self.pace()])))

    def pace(self) -> str:
        """Images a second since the first one, and the time left at that rate; empty before the second image."""
        done, now = self._ready + self._failed, time.monotonic()
        if self._first is None:
            self._first = now
        if done < 2 or now == self._first:
            return ""
        rate = (done - 1) / (now - self._first)
        return f"{rate:.1f}/s, {duration((self._total - done) / rate)} left"
