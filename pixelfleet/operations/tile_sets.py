"""Sets of tiles as they lie in the results bucket and on a disk, held against the digest of their record."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.domain.records import Variant
from pixelfleet.images.tile_digest import in_order, tiles_digest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK: Final = 1 << 20
#: Tiles that are looked at together: a gigapixel has tens of thousands.
THREADS: Final = 16


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: its size in bytes and its SHA-256."""

    size: int
    sha256: bytes


def tiles_folder(path: str) -> str:
    """Where the tiles of an entry file lie, by key or by path: beside it, as Deep Zoom wants it."""
    return str(PurePosixPath(path).with_suffix("")) + "_files/"


class StoredTiles:
    """The tiles of variants in the results bucket. Methods raise TransientError when S3 does not answer."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def problem(self, variant: Variant) -> str | None:
        """How the set differs from its record; None if it does not."""
        entry = self.entry(variant)
        if entry is None:
            return "is not there"
        sizes = self.sizes(variant)
        if len(sizes) != variant.files - 1:
            return f"has {len(sizes):,} tiles, not {variant.files - 1:,}"
        found = self.digest(variant, entry, sizes)
        return None if found == variant.sha256 else f"has SHA-256 {found} over its tiles, not {variant.sha256}"

    def entry(self, variant: Variant) -> bytes | None:
        """The entry file, None if it is not there."""
        with translated(f"read {variant.key!r}"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=variant.key)
            except ClientError as error:
                if error_code(error) in {"NoSuchKey", "404"}:
                    return None
                raise
            with closing(answer["Body"]) as body:
                return body.read()

    def sizes(self, variant: Variant) -> dict[str, int]:
        """The size of every tile that is there, by its name below the folder."""
        folder = tiles_folder(variant.key)
        with translated(f"list {folder!r}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
            return {
                entry["Key"].removeprefix(folder): entry["Size"] for page in pages for entry in page.get("Contents", [])
            }

    def digest(self, variant: Variant, entry: bytes, sizes: Mapping[str, int]) -> str:
        """Over the entry and these tiles, as S3 has them."""
        names = sorted(sizes, key=in_order)
        with ThreadPoolExecutor(THREADS) as pool:
            digests = pool.map(lambda name: self.sha256(variant, name), names)
            return tiles_digest(
                entry, ((name, sizes[name], digest) for name, digest in zip(names, digests, strict=True))
            )

    def sha256(self, variant: Variant, name: str) -> bytes:
        """Of one tile, empty if it is not there. S3 checked it when it was stored, and tells it without the bytes."""
        place: Any = {"Bucket": self._bucket, "Key": tiles_folder(variant.key) + name}
        with translated(f"look at {place['Key']!r}"):
            try:
                stored = self._client.head_object(**place, ChecksumMode="ENABLED").get("ChecksumSHA256", "")
            except ClientError as error:
                if error_code(error) == "404":
                    return b""
                raise
            return base64.b64decode(stored) if stored and "-" not in stored else self._read(place)

    def _read(self, place: Any) -> bytes:
        digest = hashlib.sha256()
        with closing(self._client.get_object(**place)["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK):
                digest.update(chunk)
        return digest.digest()


def saved_tiles(folder: Path, names: Iterable[str] | None = None) -> dict[str, Tile]:
    """What of a set lies in a folder on the disk: these names, or all that there is."""
    found = _below(folder) if names is None else ((name, folder / name) for name in names)
    return {name: tile for name, path in found if (tile := _tile(path)) is not None}


def saved_digest(entry: Path, tiles: Mapping[str, Tile]) -> str:
    """Over an entry file on the disk and these tiles."""
    names = sorted(tiles, key=in_order)
    return tiles_digest(entry.read_bytes(), ((name, tiles[name].size, tiles[name].sha256) for name in names))


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    return ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())


def _tile(path: Path) -> Tile | None:
    try:
        with path.open("rb") as file:
            return Tile(path.stat().st_size, hashlib.file_digest(file, "sha256").digest())
    except FileNotFoundError:
        return None
