"""One run of a batch's upload: the walk, the journal and the threads brought together."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Final

from pixelfleet.domain.keys import as_key
from pixelfleet.files.sources import Source
from pixelfleet.uploads.body import PART
from pixelfleet.uploads.journal import Journal, PlannedUpload
from pixelfleet.uploads.uploader import AHEAD, Put, Uploader

#: Answers that are noted at a time, and seconds that they wait for each other.
TOGETHER: Final = 16
PATIENCE: Final = 0.1
#: Seconds between two looks at files that take long.
SHOW_EVERY: Final = 0.5
#: Sources that are sorted at a time: one transaction of the journal.
CHUNK: Final = 32


@dataclass(slots=True)
class Tally:
    """What became of the files so far; `size` counts the bytes of those that were put by this run.

    `sent` are the bytes that went to S3, also of files that are not whole there yet; `spared` those of such files that
    lay there already; `passed` those of files that need not go at all.

    `failed` holds `may_pass`: those that the network or S3 failed, which another run may put.
    """

    uploaded: int = 0
    size: int = 0
    there: int = 0
    skipped: int = 0
    failed: int = 0
    may_pass: int = 0
    sent: int = 0
    spared: int = 0
    passed: int = 0

    @property
    def seen(self) -> int:
        return self.uploaded + self.there + self.skipped + self.failed


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files are wanted, by globs: one with a slash is held against the path below SRC, another against the name.

    `*` matches slashes too. With no `include` all are wanted; `exclude` wins.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, source: Source) -> bool:
        if any(_matches(source.relative, glob) for glob in self.exclude):
            return False
        return not self.include or any(_matches(source.relative, glob) for glob in self.include)


class BatchUpload:
    """Puts sources under `prefix`, but for those that the journal knows as put. `told` is called after every step."""

    def __init__(self, uploader: Uploader, journal: Journal, prefix: str, told: Callable[[Tally], None]) -> None:
        self._uploader = uploader
        self._journal = journal
        self._prefix = prefix
        self._told = told
        self._running: dict[Future[Put], str] = {}
        self._answers: SimpleQueue[Future[Put]] = SimpleQueue()
        self.tally = Tally()

    def run(self, sources: Iterable[Source], threads: int) -> Tally:
        """Until every source is put, skipped or failed; what is not put is in the journal with its reason.

        Raises:
            SetupError: what is refused would be refused for every file, or the journal cannot be written.
        """
        waiting = iter(sources)
        try:
            while chunk := list(islice(waiting, CHUNK)):
                for wanted in self._sort(chunk):
                    future = self._uploader.submit(wanted.source, self._prefix + wanted.key, doubtful=wanted.doubtful)
                    self._running[future] = wanted.key
                    future.add_done_callback(self._answers.put)
                while len(self._running) >= threads * AHEAD:
                    self._collect()
            while self._running:
                self._collect()
            self._look_after_unfinished()
        finally:
            # Interrupted, what was put by now is noted all the same.
            for future in self._running:
                future.cancel()
            self._note([future for future in self._running if future.done() and _has_answer(future)])
        return self.tally

    def _look_after_unfinished(self) -> None:
        """What earlier runs began and this one did not meet: given up where its file is gone, and told in any case."""
        for begun in self._journal.unfinished.of_earlier_runs():
            if begun.has_its_file():
                why = "begun by an earlier run and not among these sources: upload it again to finish it"
            else:
                why = "begun by an earlier run, and its file is gone or another: the parts that S3 had were given up"
                self._uploader.give_up(begun)
            self._journal.leave_out(begun.path, "unfinished", why)

    def _sort(self, chunk: list[Source]) -> list[PlannedUpload]:
        readable = [(source, as_key(source.relative)) for source in chunk if source.problem is None]
        for source in chunk:
            if source.problem is not None:
                self._leave_out(Put(source, "", source.problem))
        found = self._journal.sort(readable)
        self.tally.there += found.there
        self.tally.passed += found.there_bytes
        for source, key, other in found.taken:
            why = f"{other} goes to the same key, {self._prefix}{key}: upload their common parent, or name two batches"
            self._leave_out(Put(source, key, why))
        self._show()
        return found.wanted

    def _collect(self) -> None:
        """Wait for some answers and note them together: a transaction each would cost as much as a tenth of a put."""
        done = [self._next()]
        while done[-1].exception() is None and len(done) < min(TOGETHER, len(self._running)):
            try:
                done.append(self._answers.get(timeout=PATIENCE))
            except Empty:
                break
        self._note(done)

    def _next(self) -> Future[Put]:
        """The next answer. Of a large file it may be hours away: what is shown goes on meanwhile."""
        while True:
            try:
                return self._answers.get(timeout=SHOW_EVERY)
            except Empty:
                self._show()

    def _show(self) -> None:
        self.tally.sent, self.tally.spared = self._uploader.meter.sent, self._uploader.meter.spared
        self._told(self.tally)

    def _note(self, done: Iterable[Future[Put]]) -> None:
        answers = [(self._running.pop(future), future.result()) for future in list(done)]
        put = [(key, one) for key, one in answers if one.problem is None and one.skipped is None]
        self._journal.settle(
            ((key, one.bytes, one.mtime_ns) for key, one in put),
            (key for key, one in answers if one.problem is not None or one.skipped is not None),
        )
        for key, one in put:
            if one.was_there and one.bytes > PART:
                # Killed after S3 had put the parts together, and before that was noted.
                self._journal.unfinished.forget(self._prefix + key)
        for _, one in put:
            self.tally.there += one.was_there
            self.tally.uploaded += not one.was_there
            self.tally.size += 0 if one.was_there else one.bytes
            self.tally.passed += one.bytes if one.was_there else 0
        for _, one in answers:
            if one.problem is not None or one.skipped is not None:
                self._leave_out(one)
        self._show()

    def _leave_out(self, one: Put) -> None:
        self.tally.passed += one.source.bytes
        if one.skipped is not None:
            self.tally.skipped += 1
            self._journal.leave_out(one.source.path, "skipped", one.skipped)
        else:
            self.tally.failed += 1
            self.tally.may_pass += one.may_pass
            self._journal.leave_out(one.source.path, "failed", one.problem or "")


def chosen(sources: Iterator[Source], choice: Choice) -> Iterator[Source]:
    """The sources that are wanted."""
    return filter(choice.takes, sources)


def _matches(relative: str, glob: str) -> bool:
    return fnmatchcase(relative if "/" in glob else relative.rpartition("/")[2], glob)


def _has_answer(future: Future[Put]) -> bool:
    return not future.cancelled() and future.exception() is None
