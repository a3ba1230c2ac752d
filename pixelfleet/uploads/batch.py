"""One run of a batch's upload: a walk over the files, the journal, and the threads that send."""

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
from pixelfleet.uploads.journal import PlannedUpload, UploadJournal
from pixelfleet.uploads.uploader import Put, Uploader

#: Files in progress for each thread: a million files wait on the disk, not in memory.
AHEAD: Final = 4
#: Answers that one transaction notes, and the seconds in which the answers are gathered.
TOGETHER: Final = 16
GATHER_SECONDS: Final = 0.1
#: Seconds between two reports of progress while a file takes long.
SHOW_EVERY: Final = 0.5
#: Sources that are sorted at a time: one transaction of the journal.
CHUNK: Final = 32


@dataclass(slots=True)
class Tally:
    """The files so far; `size` counts the bytes of the files that this run has put.

    `sent` counts the bytes that were sent to S3, also of unfinished files; `spared` the bytes of unfinished files that
    S3 had already; `passed` the bytes of files that are not sent.

    `known` files have the same bytes as an image of the owner, and are not sent.

    `failed` includes `may_pass`: files that failed because of the network or S3, and that another run may put.
    """

    uploaded: int = 0
    size: int = 0
    there: int = 0
    skipped: int = 0
    known: int = 0
    failed: int = 0
    may_pass: int = 0
    sent: int = 0
    spared: int = 0
    passed: int = 0

    @property
    def seen(self) -> int:
        return self.uploaded + self.there + self.skipped + self.known + self.failed


@dataclass(frozen=True, slots=True)
class Choice:
    """The files to put, by globs: a glob with a slash is matched with the path below SRC, another with the name.

    `*` matches slashes too. With no `include` every file is put; `exclude` wins.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, source: Source) -> bool:
        if any(_matches(source.relative, glob) for glob in self.exclude):
            return False
        return not self.include or any(_matches(source.relative, glob) for glob in self.include)


class BatchUpload:
    """Puts sources under `prefix`, except those that the journal has as put. Calls `progress` after every step."""

    def __init__(
        self, uploader: Uploader, journal: UploadJournal, prefix: str, progress: Callable[[Tally], None]
    ) -> None:
        self._uploader = uploader
        self._journal = journal
        self._prefix = prefix
        self._progress = progress
        self._running: dict[Future[Put], str] = {}
        self._answers: SimpleQueue[Future[Put]] = SimpleQueue()
        self.tally = Tally()

    def run(self, sources: Iterable[Source], threads: int) -> Tally:
        """Put every source; a source that is skipped or failed is in the journal with the reason.

        Raises:
            SetupError: S3 would refuse every file, or the journal cannot be written.
        """
        waiting = iter(sources)
        try:
            while chunk := list(islice(waiting, CHUNK)):
                for planned in self._sort(chunk):
                    future = self._uploader.submit(
                        planned.source, self._prefix + planned.key, doubtful=planned.doubtful
                    )
                    self._running[future] = planned.key
                    future.add_done_callback(self._answers.put)
                while len(self._running) >= threads * AHEAD:
                    self._collect()
            while self._running:
                self._collect()
            self._look_after_unfinished()
        finally:
            # An interrupted run notes the files that are put by now.
            for future in self._running:
                future.cancel()
            self._note([future for future in self._running if future.done() and _has_answer(future)])
        return self.tally

    def _look_after_unfinished(self) -> None:
        """Report the uploads of earlier runs that this run did not finish. Give up an upload whose file is gone."""
        for begun in self._journal.unfinished.of_earlier_runs():
            if begun.has_its_file():
                why = "begun by an earlier run and not among these sources: upload it again to finish it"
            else:
                why = "begun by an earlier run, and its file is gone or another: the parts that S3 had were deleted"
                self._uploader.give_up(begun)
            self._journal.leave_out(begun.path, "unfinished", why)

    def _sort(self, chunk: list[Source]) -> list[PlannedUpload]:
        readable = [(source, as_key(source.relative)) for source in chunk if source.problem is None]
        for source in chunk:
            if source.problem is not None:
                self._leave_out(Put(source, "", source.problem))
        sorted_ = self._journal.sort(readable)
        self.tally.there += sorted_.there
        self.tally.passed += sorted_.there_bytes
        for source, key, other in sorted_.taken:
            why = f"{other} goes to the same key, {self._prefix}{key}: upload their common parent, or name two batches"
            self._leave_out(Put(source, key, why))
        self._show()
        return sorted_.planned

    def _collect(self) -> None:
        """Wait for some answers and note them together: a transaction for each would cost a tenth of a put."""
        done = [self._next()]
        while done[-1].exception() is None and len(done) < min(TOGETHER, len(self._running)):
            try:
                done.append(self._answers.get(timeout=GATHER_SECONDS))
            except Empty:
                break
        self._note(done)

    def _next(self) -> Future[Put]:
        """The next answer. A large file may take hours: progress is reported during the wait."""
        while True:
            try:
                return self._answers.get(timeout=SHOW_EVERY)
            except Empty:
                self._show()

    def _show(self) -> None:
        self.tally.sent, self.tally.spared = self._uploader.meter.sent, self._uploader.meter.spared
        self._progress(self.tally)

    def _note(self, done: Iterable[Future[Put]]) -> None:
        answers = [(self._running.pop(future), future.result()) for future in list(done)]
        put = [(key, one) for key, one in answers if one.in_bucket]
        self._journal.settle(
            ((key, one.bytes, one.mtime_ns, one.etag) for key, one in put),
            # S3 may have put a file whose answer was lost: the file stays in doubt, and the next run asks S3.
            (key for key, one in answers if not one.in_bucket and not one.may_pass),
        )
        for key, one in put:
            if one.was_there and one.bytes > PART:
                # A run was killed after S3 had put the parts together, and before the run noted it.
                self._journal.unfinished.forget(self._prefix + key)
        for _, one in put:
            self.tally.there += one.was_there
            self.tally.uploaded += not one.was_there
            self.tally.size += 0 if one.was_there else one.bytes
            self.tally.passed += one.bytes if one.was_there else 0
        for _, one in answers:
            if not one.in_bucket:
                self._leave_out(one)
        self._show()

    def _leave_out(self, one: Put) -> None:
        self.tally.passed += one.source.bytes
        if one.skipped is not None:
            self.tally.skipped += 1
            self._journal.leave_out(one.source.path, "skipped", one.skipped)
        elif one.known is not None:
            self.tally.known += 1
            self._journal.leave_out(one.source.path, "known", one.known.key)
        else:
            self.tally.failed += 1
            self.tally.may_pass += one.may_pass
            self._journal.leave_out(one.source.path, "failed", one.problem or "")


def chosen(sources: Iterator[Source], choice: Choice) -> Iterator[Source]:
    """The sources that `choice` takes."""
    return filter(choice.takes, sources)


def _matches(relative: str, glob: str) -> bool:
    return fnmatchcase(relative if "/" in glob else relative.rpartition("/")[2], glob)


def _has_answer(future: Future[Put]) -> bool:
    return not future.cancelled() and future.exception() is None
