"""Files through an embedded fleet: uploads at the pace of the workers, a watch on the catalog, downloads of results.

One loop runs in the caller's thread; a few other threads upload and download. Every source is reported once, as ready
or as failed with a cause.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause, TransientError
from pixelfleet.files.destination import DestinationError
from pixelfleet.files.result_folders import ResultFolders
from pixelfleet.files.sources import Source
from pixelfleet.operations.report_rows import ReportSource, failed_row, fetched_row
from pixelfleet.operations.result_files import ResultFiles
from pixelfleet.report import ReportImage
from pixelfleet.uploads import Put, Uploader, short_key

#: Images under way at once: enough that no worker waits, few enough that reading their records costs little.
WINDOW: Final = 128
#: Records that one turn reads, the longest waiting first.
ASK: Final = 24
#: Seconds between turns in which nothing happened.
IDLE: Final = 0.2


@dataclass(frozen=True, slots=True)
class RunItem:
    """A source, and the folder of its results, relative to DEST."""

    source: Source
    folder: str
    key: str
    image_id: str

    @property
    def report_source(self) -> ReportSource:
        return ReportSource(str(self.source.path), self.key, self.image_id)


@dataclass(slots=True)
class Run:
    """One run. Every turn calls `tend`, which restarts processes, and may raise to end the run."""

    deployment: Deployment
    uploader: Uploader
    prefix: str
    dest: Path
    folders: ResultFolders
    files: ResultFiles
    tend: Callable[["Run"], None]
    #: The time of the last reported image, in seconds of the monotonic clock.
    progressed: float = field(default_factory=time.monotonic)
    _putting: dict[Future[Put], RunItem] = field(default_factory=dict)
    _waiting: dict[str, RunItem] = field(default_factory=dict)
    _fetching: dict[Future[ReportImage], RunItem] = field(default_factory=dict)

    def images(self, sources: Iterator[Source], threads: int) -> Iterator[ReportImage]:
        """The outcome of each source, as soon as it is known.

        Raises:
            DestinationError: DEST cannot take the results; `give_up` then accounts for the rest.
            FleetLostError: raised by `tend`; `give_up` then accounts for the rest.
        """
        with ThreadPoolExecutor(threads, thread_name_prefix="fetch") as pool:
            more = True
            try:
                while more or self._putting or self._waiting or self._fetching:
                    more = more and self._fill(sources)
                    out = [*self._put(), *self._settled(pool), *self._fetched()]
                    yield from out
                    self.tend(self)
                    if out:
                        self.progressed = time.monotonic()
                    else:
                        time.sleep(IDLE)
            finally:
                pool.shutdown(cancel_futures=True)

    @property
    def waiting(self) -> int:
        """How many images are uploaded and not settled."""
        return len(self._waiting)

    def give_up(self, sources: Iterator[Source], why: str) -> Iterator[ReportImage]:
        """Account for all unsettled images, after `images` has raised.

        Images whose results arrived whole meanwhile are ready.
        """
        items, fetching = [*self._putting.values(), *self._waiting.values()], self._fetching
        self._putting, self._waiting, self._fetching = {}, {}, {}
        for future, item in fetching.items():
            try:
                yield future.result()
            except (CancelledError, DestinationError):
                items.append(item)
        for item in items:
            yield failed_row(item.report_source, Cause.INTERNAL, why)
        for source in sources:
            yield failed_row(self._item(source).report_source, Cause.INTERNAL, why)

    def _fill(self, sources: Iterator[Source]) -> bool:
        """Begin uploads until the window is full; False at the end of the sources."""
        while len(self._putting) + len(self._waiting) < WINDOW:
            source = next(sources, None)
            if source is None:
                return False
            item = self._item(source)
            self._putting[self.uploader.submit(source, item.key)] = item
        return True

    def _item(self, source: Source) -> RunItem:
        folder = self.folders.assign(source.relative)
        key = short_key(self.prefix, folder)
        return RunItem(source, folder, key, self.uploader.image_id(key))

    def _put(self) -> Iterator[ReportImage]:
        for future in [future for future in self._putting if future.done()]:
            item, put = self._putting.pop(future), future.result()
            if put.problem is None:
                self._waiting[item.image_id] = item
            else:
                yield failed_row(item.report_source, put.cause or Cause.INTERNAL, put.problem)

    def _settled(self, pool: ThreadPoolExecutor) -> Iterator[ReportImage]:
        asked = list(self._waiting)[:ASK]
        records = self._ask(asked) if asked else {}
        for image_id in asked:
            # An image that is not done goes to the end of the line, so that slow images do not hide the others.
            item = self._waiting.pop(image_id)
            image = records.get(image_id)
            if image is None or image.status not in (Status.READY, Status.FAILED):
                self._waiting[image_id] = item
            elif image.status is Status.FAILED:
                yield failed_row(item.report_source, image.cause or Cause.INTERNAL, image.message or "", image)
            else:
                self._fetching[pool.submit(self._fetch, item, image)] = item

    def _ask(self, image_ids: list[str]) -> dict[str, Image]:
        try:
            return self.deployment.images.get_many(image_ids)
        except TransientError:
            # The next turn repeats the call. If the cloud is gone for good, `tend` raises.
            return {}

    def _fetched(self) -> Iterator[ReportImage]:
        for future in [future for future in self._fetching if future.done()]:
            row = future.result()
            del self._fetching[future]
            yield row

    def _fetch(self, item: RunItem, image: Image) -> ReportImage:
        return fetched_row(self.files, item.report_source, image, item.folder, self.dest)
