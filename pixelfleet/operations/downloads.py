"""Fetches the results of a batch to a disk: DEST/<path>/<variant>."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Final

from pixelfleet.domain.records import Image
from pixelfleet.errors import Cause, TransientError
from pixelfleet.files.destination import DestinationError
from pixelfleet.files.result_folders import ResultFolders, safe_path
from pixelfleet.operations.lazy_variants import LazyRecipes
from pixelfleet.operations.report_rows import ReportSource, failed_row, fetched_row
from pixelfleet.operations.result_files import ResultFiles
from pixelfleet.report import ReportImage

#: Images that wait for each thread.
AHEAD: Final = 4


class BatchDownload:
    """Fetches the variants of images, several images at once."""

    def __init__(
        self, files: ResultFiles, dest: Path, folders: ResultFolders, threads: int, lazy: LazyRecipes | None = None
    ) -> None:
        """`lazy` names the lazy variants that images lack: a download makes none of them."""
        self._files = files
        self._lazy = lazy
        #: The lazy variants that are not made, each with the number of its images.
        self.not_made: Counter[str] = Counter()
        self._dest = dest
        self._folders = folders
        self._threads = threads
        #: The reason why the disk refuses results; None as long as it accepts results.
        self.refused: DestinationError | None = None

    def run(self, images: Iterable[Image]) -> Iterator[ReportImage]:
        """The row of each image in the report, in no order. After `refused`, no image is fetched any more."""
        running: set[Future[ReportImage]] = set()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="fetch") as pool:
            try:
                for image in images:
                    self._count_lazy(image)
                    folder = self._folders.assign(safe_path(image.path))
                    running.add(pool.submit(self._fetch, image, folder))
                    if len(running) >= self._threads * AHEAD:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in done)
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            finally:
                pool.shutdown(cancel_futures=True)

    def _count_lazy(self, image: Image) -> None:
        # Recipes are read only for a message: a role that may not read them can download all the same.
        with suppress(TransientError):
            self.not_made.update(lazy.name for lazy in (self._lazy.missing(image) if self._lazy else ()))

    def _fetch(self, image: Image, folder: str) -> ReportImage:
        source = ReportSource.in_bucket(image)
        try:
            if self.refused is None:
                return fetched_row(self._files, source, image, folder, self._dest)
        except DestinationError as error:
            self.refused = error
        return failed_row(source, Cause.UNAVAILABLE, str(self.refused), image)
