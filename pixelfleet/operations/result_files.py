"""Fetches the variants of an image from the results bucket to a disk: whole files only, and no file twice."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Final

from pixelfleet.aws.objects import Objects
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.scores import Score
from pixelfleet.errors import Cause, TransientError
from pixelfleet.files.result_folders import safe_path
from pixelfleet.operations.tile_sets import StoredTiles, saved_digest, saved_tiles, tiles_folder
from pixelfleet.report import ReportVariant

#: Tiles of one set that are fetched at once.
TILE_THREADS: Final = 8


class ResultFiles:
    """Fetches variants into folders below `dest`. A file with the right digest is not fetched again."""

    def __init__(self, objects: Objects, tiles: StoredTiles, dest: Path) -> None:
        self._objects = objects
        self._tiles = tiles
        self._dest = dest
        self._lock = Lock()
        #: Variants that were fetched, and variants that were on the disk already.
        self.fetched = 0
        self.there = 0

    def fetch(self, image: Image, folder: str) -> tuple[ReportVariant, ...]:
        """Fetch every variant to `folder`, which is relative to `dest`. May be called on several threads.

        After an error, the fetched files of the image are deleted: an image has all its results, or none.

        Raises:
            TransientError: S3 does not answer, or the object does not have the SHA-256 of its record.
            OSError: the disk refuses the files.
        """
        place = self._dest / folder
        place.mkdir(parents=True, exist_ok=True)
        made: list[Path] = []
        try:
            return tuple(self._variant(variant, folder, made) for variant in image.variants)
        except BaseException:
            for path in made:
                path.unlink(missing_ok=True)
            with suppress(OSError):
                place.rmdir()
            raise

    def _variant(self, variant: StoredVariant, folder: str, made: list[Path]) -> ReportVariant:
        file = f"{folder}/{variant.name}{PurePosixPath(variant.key).suffix}"
        path = self._dest / file
        there = self._has_tiles(variant, path) if variant.files > 1 else _has_file(variant, path)
        if not there and variant.files > 1:
            self._fetch_tiles(variant, path)
        elif not there:
            self._fetch_file(variant, path)
        if not there:
            made.append(path)
        with self._lock:
            self.there += there
            self.fetched += not there
        return ReportVariant.of(variant, file, Score.of_stored(variant.score, variant.ssimulacra2))

    def _fetch_file(self, variant: StoredVariant, path: Path) -> None:
        self._objects.download_result(variant.key, path)
        if variant.sha256 and _digest(path) != variant.sha256:
            path.unlink()
            raise TransientError(Cause.INTERNAL, f"{variant.key} does not have the SHA-256 of its record")

    def _has_tiles(self, variant: StoredVariant, path: Path) -> bool:
        """The record has one digest over all tiles."""
        return path.exists() and saved_digest(path, saved_tiles(_folder_of(variant, path))) == variant.sha256

    def _fetch_tiles(self, variant: StoredVariant, path: Path) -> None:
        """Fetch the tiles that are missing or differ, then the entry file that leads to them."""
        folder = _folder_of(variant, path)
        sizes = self._tiles.sizes(variant)
        names = [name for name in sizes if safe_path(name) == name]
        saved = saved_tiles(folder, names)
        _make_parents(folder, names)

        def fetch(name: str) -> None:
            tile = saved.get(name)
            if tile is None or tile.size != sizes[name] or tile.sha256 != self._tiles.sha256(variant, name):
                self._objects.download_result(tiles_folder(variant.key) + name, folder / name)

        with ThreadPoolExecutor(TILE_THREADS) as pool:
            # The answers are consumed so that the first error is raised here.
            list(pool.map(fetch, names))
        self._objects.download_result(variant.key, path)
        if variant.sha256 and saved_digest(path, saved_tiles(folder, names)) != variant.sha256:
            path.unlink()
            raise TransientError(Cause.INTERNAL, f"{variant.key} and its tiles do not have the SHA-256 of their record")


def _folder_of(variant: StoredVariant, path: Path) -> Path:
    return path.with_name(f"{variant.name}_files")


def _make_parents(folder: Path, names: Iterable[str]) -> None:
    for parent in {(folder / name).parent for name in names}:
        parent.mkdir(parents=True, exist_ok=True)


def _has_file(variant: StoredVariant, path: Path) -> bool:
    return path.exists() and path.stat().st_size == variant.bytes and _digest(path) == variant.sha256


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
