"""Files through an embedded fleet: uploaded as fast as the workers follow, watched in the catalog, results fetched.

One loop in the caller's thread; putting and fetching run in a few threads beside it. Every source that goes in comes
out once, as ready or as failed with a cause.
"""

import errno
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, Status, Variant
from pixelfleet.errors import Cause, SetupError, TransientError
from pixelfleet.files.result_folders import ResultFolders
from pixelfleet.files.sources import Source
from pixelfleet.operations.tile_sets import tiles_folder
from pixelfleet.report import ReportImage, ReportVariant
from pixelfleet.uploads import Put, Uploader, short_key

#: Images on their way at once: enough that no worker waits, few enough that asking after them costs little.
WINDOW: Final = 128
#: Records that are asked for in one turn, the longest waiting first.
ASK: Final = 24
#: Seconds between turns in which nothing happened.
IDLE: Final = 0.2


@dataclass(frozen=True, slots=True)
class RunItem:
    """A source and where its results go, relative to DEST."""

    source: Source
    folder: str
    key: str
    image_id: str


@dataclass(slots=True)
class Run:
    """One run. `tend` is called every turn: it looks after the processes, and may raise to end the run."""

    deployment: Deployment
    uploader: Uploader
    prefix: str
    dest: Path
    folders: ResultFolders
    tend: Callable[["Run"], None]
    #: When last something came out, by the monotonic clock, in seconds.
    progressed: float = field(default_factory=time.monotonic)
    _putting: dict[Future[Put], RunItem] = field(default_factory=dict)
    _waiting: dict[str, RunItem] = field(default_factory=dict)
    _fetching: dict[Future[ReportImage], RunItem] = field(default_factory=dict)

    def images(self, sources: Iterator[Source], threads: int) -> Iterator[ReportImage]:
        """What became of each source, as it is known.

        Raises:
            SetupError: DEST cannot take the results.
            FleetLostError: through `tend`; `give_up` then accounts for the rest.
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
        """How many images the fleet has in hand."""
        return len(self._waiting)

    def give_up(self, sources: Iterator[Source], why: str) -> Iterator[ReportImage]:
        """Account for all that is still open: the fleet will not finish it."""
        open_ones = [*self._putting.values(), *self._waiting.values(), *self._fetching.values()]
        self._putting, self._waiting, self._fetching = {}, {}, {}
        for wanted in open_ones:
            yield _failed(wanted, Cause.INTERNAL, why)
        for source in sources:
            yield _failed(self._want(source), Cause.INTERNAL, why)

    def _fill(self, sources: Iterator[Source]) -> bool:
        """Begin as many uploads as the window has room for; False at the end of the sources."""
        while len(self._putting) + len(self._waiting) < WINDOW:
            source = next(sources, None)
            if source is None:
                return False
            wanted = self._want(source)
            self._putting[self.uploader.submit(source, wanted.key)] = wanted
        return True

    def _want(self, source: Source) -> RunItem:
        folder = self.folders.assign(source.relative)
        key = short_key(self.prefix, folder)
        return RunItem(source, folder, key, self.uploader.image_id(key))

    def _put(self) -> Iterator[ReportImage]:
        for future in [future for future in self._putting if future.done()]:
            wanted, put = self._putting.pop(future), future.result()
            if put.problem is None:
                self._waiting[wanted.image_id] = wanted
            else:
                yield _failed(wanted, put.cause or Cause.INTERNAL, put.problem)

    def _settled(self, pool: ThreadPoolExecutor) -> Iterator[ReportImage]:
        asked = list(self._waiting)[:ASK]
        records = self._ask(asked) if asked else {}
        for image_id in asked:
            # Who is not done goes to the end of the line, so that the slow ones do not hide the others.
            wanted = self._waiting.pop(image_id)
            image = records.get(image_id)
            if image is None or image.status not in (Status.READY, Status.FAILED):
                self._waiting[image_id] = wanted
            elif image.status is Status.FAILED:
                yield _failed(wanted, image.cause or Cause.INTERNAL, image.message or "", image)
            else:
                self._fetching[pool.submit(self._fetch, wanted, image)] = wanted

    def _ask(self, image_ids: list[str]) -> dict[str, Image]:
        try:
            return self.deployment.images.get_many(image_ids)
        except TransientError:
            # Asked again in the next turn. Should the cloud be gone for good, `tend` says so.
            return {}

    def _fetched(self) -> Iterator[ReportImage]:
        for future in [future for future in self._fetching if future.done()]:
            self._fetching.pop(future)
            yield future.result()

    def _fetch(self, wanted: RunItem, image: Image) -> ReportImage:
        folder = self.dest / wanted.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            variants = tuple(self._fetch_variant(variant, wanted.folder) for variant in image.variants)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise SetupError(f"{self.dest} cannot take the results: {error.strerror}") from None
            return _failed(wanted, Cause.INTERNAL, f"the results cannot be saved: {error.strerror}", image)
        except TransientError as error:
            return _failed(wanted, error.cause, error.message, image)
        return _report(wanted, image, variants)

    def _fetch_variant(self, variant: Variant, folder: str) -> ReportVariant:
        file = f"{folder}/{variant.name}{PurePosixPath(variant.key).suffix}"
        if variant.files > 1:
            self.deployment.objects.download_folder(tiles_folder(variant.key), self.dest / tiles_folder(file))
        self.deployment.objects.download_result(variant.key, self.dest / file)
        return ReportVariant(variant.name, file, variant.format, variant.width, variant.height, variant.bytes)


def _failed(wanted: RunItem, cause: Cause, message: str, image: Image | None = None) -> ReportImage:
    return _report(wanted, image, (), cause, message)


def _report(
    wanted: RunItem,
    image: Image | None,
    variants: tuple[ReportVariant, ...],
    cause: Cause | None = None,
    message: str | None = None,
) -> ReportImage:
    return ReportImage(
        source=str(wanted.source.path),
        key=wanted.key,
        image_id=wanted.image_id,
        status="failed" if cause else "ready",
        cause=cause.value if cause else None,
        message=message,
        format=image.format if image else None,
        width=image.width if image else None,
        height=image.height if image else None,
        attempts=image.attempts if image else 0,
        seconds=sum(image.timings_ms.values()) / 1000 if image else 0.0,
        variants=variants,
    )
