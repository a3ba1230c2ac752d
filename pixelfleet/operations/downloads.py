"""The results of a batch on a disk: DEST/<path>/<variant>, whole or not there, none fetched twice."""

import errno
import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path, PurePosixPath
from typing import Final

from pixelfleet.aws.objects import Objects
from pixelfleet.domain.records import Image, Status, Variant
from pixelfleet.errors import Cause, SetupError, TransientError
from pixelfleet.files.result_folders import ResultFolders, safe_path
from pixelfleet.operations.tile_sets import StoredTiles, saved_digest, saved_tiles, tiles_folder
from pixelfleet.report import ReportImage, ReportVariant

AHEAD: Final = 4
#: Tiles of one set that are fetched at once.
TILE_THREADS: Final = 8
#: Errors of a disk that no other file would fare better with.
_HOPELESS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class Download:
    """Fetches the variants of images into `dest`; what lies there with the right digest is not fetched again."""

    def __init__(self, objects: Objects, tiles: StoredTiles, dest: Path, folders: ResultFolders, threads: int) -> None:
        self._objects = objects
        self._tiles = tiles
        self._dest = dest
        self._folders = folders
        self._threads = threads
        self.fetched = 0
        self.there = 0

    def run(self, images: Iterable[Image]) -> Iterator[ReportImage]:
        """What became of each image, in no order.

        Raises:
            SetupError: `dest` cannot take the results.
        """
        running: set[Future[ReportImage]] = set()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="fetch") as pool:
            try:
                for image in images:
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

    def _fetch(self, image: Image, folder: str) -> ReportImage:
        if image.status is not Status.READY:
            cause = image.cause or Cause.INTERNAL
            return report_of(image, (), cause, image.message or f"it is {image.status}")
        try:
            (self._dest / folder).mkdir(parents=True, exist_ok=True)
            return report_of(image, tuple(self._variant(variant, folder) for variant in image.variants))
        except OSError as error:
            if error.errno in _HOPELESS:
                raise SetupError(f"{self._dest} cannot take the results: {error.strerror}") from None
            return report_of(image, (), Cause.INTERNAL, f"the results cannot be saved: {error.strerror}")
        except TransientError as error:
            return report_of(image, (), error.cause, error.message)

    def _variant(self, variant: Variant, folder: str) -> ReportVariant:
        file = f"{folder}/{variant.name}{PurePosixPath(variant.key).suffix}"
        path = self._dest / file
        if variant.files > 1:
            self._set_of_tiles(variant, path)
        elif path.exists() and path.stat().st_size == variant.bytes and _digest(path) == variant.sha256:
            self.there += 1
        else:
            self._objects.download_result(variant.key, path)
            self.fetched += 1
            if variant.sha256 and _digest(path) != variant.sha256:
                path.unlink()
                raise TransientError(Cause.INTERNAL, f"{variant.key} does not have the SHA-256 of its record")
        return ReportVariant(variant.name, file, variant.format, variant.width, variant.height, variant.bytes)

    def _set_of_tiles(self, variant: Variant, path: Path) -> None:
        """Its digest is over all tiles: where it differs, each is looked at, and what is missing or another fetched."""
        folder = path.with_name(f"{variant.name}_files")
        if path.exists() and saved_digest(path, saved_tiles(folder)) == variant.sha256:
            self.there += 1
            return
        listed = self._tiles.sizes(variant)
        names = [name for name in listed if safe_path(name) == name]
        lying = saved_tiles(folder, names)
        for parent in {(folder / name).parent for name in names}:
            parent.mkdir(parents=True, exist_ok=True)

        def fetch(name: str) -> None:
            mine = lying.get(name)
            if mine is None or mine.size != listed[name] or mine.sha256 != self._tiles.sha256(variant, name):
                self._objects.download_result(tiles_folder(variant.key) + name, folder / name)

        with ThreadPoolExecutor(TILE_THREADS) as pool:
            # Consumed, so that the first error is raised here.
            list(pool.map(fetch, names))
        self._objects.download_result(variant.key, path)
        self.fetched += 1
        if saved_digest(path, saved_tiles(folder, names)) != variant.sha256:
            path.unlink()
            raise TransientError(Cause.INTERNAL, f"{variant.key} and its tiles do not have the SHA-256 of their record")


def report_of(
    image: Image, variants: tuple[ReportVariant, ...], cause: Cause | None = None, message: str | None = None
) -> ReportImage:
    """An image as the report of a run has it; its source is the s3:// address."""
    return ReportImage(
        source=f"s3://{image.bucket}/{image.key}",
        key=image.key,
        image_id=image.image_id,
        status="failed" if cause else "ready",
        cause=cause.value if cause else None,
        message=message,
        format=image.format,
        width=image.width,
        height=image.height,
        attempts=image.attempts,
        seconds=sum(image.timings_ms.values()) / 1000,
        variants=variants,
        bytes=image.bytes,
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
