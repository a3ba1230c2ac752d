"""The outcome of every image of a batch as lines of JSON, and a comparison with the objects in the buckets."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pixelfleet.aws.inspection import Inspection
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.operations.tile_sets import StoredTiles

MANIFEST_VERSION: Final = 1
THREADS: Final = 8
#: Lines that are compared together.
AHEAD: Final = 64


def manifest_line(image: Image, results_bucket: str) -> dict[str, Any]:
    """One image as JSON-ready fields. Digests are SHA-256 in hex; of tiles over the entry and all tiles together."""
    return {
        "version": MANIFEST_VERSION,
        "path": image.path,
        "image_id": image.image_id,
        "status": image.status.value,
        "cause": image.cause.value if image.cause else None,
        "message": image.message,
        "source": {
            "s3": f"s3://{image.bucket}/{image.key}",
            "version_id": image.version_id,
            "etag": image.etag,
            "bytes": image.bytes,
            "sha256": image.sha256,
        },
        "recipe": image.recipe.model_dump() if image.recipe else None,
        "revision": image.revision,
        "finished_at": image.finished_at,
        "variants": [
            {
                "name": variant.name,
                "s3": f"s3://{results_bucket}/{variant.key}",
                "format": variant.format,
                "width": variant.width,
                "height": variant.height,
                "bytes": variant.bytes,
                "files": variant.files,
                "sha256": variant.sha256,
            }
            for variant in image.variants
        ],
    }


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference between record and bucket: a path, the variant (None: the original), and the difference."""

    path: str
    variant: str | None
    problem: str


class ManifestVerifier:
    """Compares records with the objects in the buckets.

    S3 verified each result's SHA-256 on arrival, and returns the digest without the bytes. For a set of tiles, the
    digests of all tiles together are compared with the one digest of the record.
    """

    def __init__(self, inspection: Inspection, tiles: StoredTiles) -> None:
        self._inspection = inspection
        self._tiles = tiles

    def mismatches(self, images: Iterable[Image]) -> Iterator[tuple[Image, list[Mismatch]]]:
        """Each image with its mismatches, in order; several images are compared at once."""
        waiting = iter(images)
        with ThreadPoolExecutor(THREADS) as pool:
            while some := list(islice(waiting, AHEAD)):
                yield from zip(some, pool.map(self._mismatches_of, some), strict=True)

    def _mismatches_of(self, image: Image) -> list[Mismatch]:
        problems: list[tuple[str | None, str | None]] = []
        if image.variants and image.sha256:
            stored = self._inspection.sha256(image.bucket, image.key, image.version_id)
            problems.append((None, _difference(stored, image.sha256)))
        problems += [(variant.name, self._problem(variant)) for variant in image.variants]
        return [Mismatch(image.path, name, problem) for name, problem in problems if problem is not None]

    def _problem(self, variant: StoredVariant) -> str | None:
        if variant.files > 1:
            return self._tiles.problem(variant)
        stored = self._inspection.sha256(self._inspection.results_bucket, variant.key)
        return _difference(stored, variant.sha256)


def _difference(stored: bytes | None, recorded: str) -> str | None:
    if stored is None:
        return "is not there"
    return None if stored.hex() == recorded else f"has SHA-256 {stored.hex()}, not {recorded}"
