"""Sets of tiles in the results bucket and on a disk, compared with the digest of their record."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from pixelfleet.aws.inspection import Inspection
from pixelfleet.aws.listing import Listings
from pixelfleet.domain.records import StoredVariant
from pixelfleet.files.regular import open_regular
from pixelfleet.images.tile_digest import in_order, tiles_digest

#: Tiles whose digests are read at once: a gigapixel image has tens of thousands of tiles.
THREADS: Final = 16


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: its size in bytes and its SHA-256."""

    size: int
    sha256: bytes


def tiles_folder(path: str) -> str:
    """The folder of tiles of an entry file, by key or by path. The Deep Zoom format puts it beside the entry file."""
    return str(PurePosixPath(path).with_suffix("")) + "_files/"


class StoredTiles:
    """The tiles of variants in the results bucket. Methods raise TransientError when S3 does not answer."""

    def __init__(self, inspection: Inspection, listings: Listings) -> None:
        self._inspection = inspection
        self._listings = listings

    def problem(self, variant: StoredVariant) -> str | None:
        """The difference between the set and its record; None if there is none."""
        entry = self._inspection.content(variant.key)
        if entry is None:
            return "is not there"
        sizes = self.sizes(variant)
        if len(sizes) != variant.files - 1:
            return f"has {len(sizes):,} tiles, not {variant.files - 1:,}"
        digest = self.digest(variant, entry, sizes)
        return None if digest == variant.sha256 else f"has SHA-256 {digest} over its tiles, not {variant.sha256}"

    def sizes(self, variant: StoredVariant) -> dict[str, int]:
        """The size of every stored tile, by its name below the folder."""
        folder = tiles_folder(variant.key)
        pages = self._listings.pages(self._inspection.results_bucket, folder)
        return {tile.key.removeprefix(folder): tile.bytes for page in pages for tile in page}

    def digest(self, variant: StoredVariant, entry: bytes, sizes: Mapping[str, int]) -> str:
        """The digest over the entry and these tiles, as S3 has them."""
        names = sorted(sizes, key=in_order)
        with ThreadPoolExecutor(THREADS) as pool:
            digests = pool.map(lambda name: self.sha256(variant, name), names)
            return tiles_digest(
                entry, ((name, sizes[name], digest) for name, digest in zip(names, digests, strict=True))
            )

    def sha256(self, variant: StoredVariant, name: str) -> bytes:
        """The SHA-256 of one tile; empty if the tile is not there."""
        key = tiles_folder(variant.key) + name
        return self._inspection.sha256(self._inspection.results_bucket, key) or b""


def saved_tiles(folder: Path, names: Iterable[str] | None = None) -> dict[str, Tile]:
    """The tiles of a set in a folder on the disk: those of these names, or all."""
    paths = _below(folder) if names is None else ((name, folder / name) for name in names)
    return {name: tile for name, path in paths if (tile := _tile(path)) is not None}


def saved_digest(entry: Path, tiles: Mapping[str, Tile]) -> str:
    """The digest over an entry file on the disk and these tiles."""
    names = sorted(tiles, key=in_order)
    return tiles_digest(entry.read_bytes(), ((name, tiles[name].size, tiles[name].sha256) for name in names))


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    return ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())


def _tile(path: Path) -> Tile | None:
    try:
        with open_regular(path) as file:
            return Tile(path.stat().st_size, hashlib.file_digest(file, "sha256").digest())
    except OSError:
        # The tile is fetched, and replaces the present file.
        return None
