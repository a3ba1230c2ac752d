"""The live display of `pixelfleet upload`: files, bytes, rate, time left; else a line every ten seconds."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, Self

from rich.filesize import decimal
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pixelfleet.cli.console import MESSAGES, count, duration, live_display, say
from pixelfleet.files.sources import Source
from pixelfleet.uploads.batch import Tally

LINE_EVERY: Final = 10.0
#: Seconds between two updates of the display: an update for each of a thousand files a second would cost too much.
UPDATE_EVERY: Final = 0.1


class UploadProgress:
    """Shows a tally. At the end of the `with` block the terminal is as before.

    A second walk, beside the uploads, counts the bytes of all files, where a terminal shows the display.
    """

    def __init__(self, walk: Callable[[], Iterator[Source]]) -> None:
        self._walk = walk
        self._size = 0
        self._counted = False
        self._stop = threading.Event()
        self._began = self._shown = self._last_line = time.monotonic()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
        self._live = live_display(*columns)
        self._task: TaskID = self._live.add_task("uploading", total=None)
        self._counter = threading.Thread(target=self._count, daemon=True)

    def __enter__(self) -> Self:
        if MESSAGES.is_terminal:
            self._counter.start()
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._live.stop()

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now - self._shown < UPDATE_EVERY:
            return
        self._shown = now
        words = self.words(tally, now - self._began)
        total = self._size if self._counted and self._size else None
        self._live.update(self._task, description=words, completed=_dealt_with(tally), total=total)
        if not MESSAGES.is_terminal and now - self._last_line >= LINE_EVERY:
            self._last_line = now
            say(words)

    def words(self, tally: Tally, seconds: float) -> str:
        """Files and bytes so far, the rate, what is left at that rate, and what was not put."""
        rate = tally.uploaded / max(seconds, 0.001)
        speed = tally.sent / max(seconds, 0.001)
        parts = [f"{count(tally.uploaded, 'file')}, {decimal(tally.sent)}, {rate:.0f}/s, {decimal(int(speed))}/s"]
        if self._counted and speed:
            parts.append(f"{duration(max(0, self._size - _dealt_with(tally)) / speed)} left")
        parts += [f"{tally.there:,} there before"] if tally.there else []
        parts += [f"{tally.known:,} known"] if tally.known else []
        parts += [f"{tally.skipped:,} skipped"] if tally.skipped else []
        parts += [f"{tally.failed:,} failed"] if tally.failed else []
        return ", ".join(parts)

    def counted(self, timeout: float) -> bool:
        """Wait at most so many seconds for the count of all bytes; returns whether the count is complete."""
        self._counter.join(timeout)
        return self._counted

    def _count(self) -> None:
        for source in self._walk():
            if self._stop.is_set():
                return
            self._size += source.bytes
        self._counted = True


def _dealt_with(tally: Tally) -> int:
    """Progress in bytes, not files: one file may be a thousand times as large as another."""
    return tally.sent + tally.spared + tally.passed
