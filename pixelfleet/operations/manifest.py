"""What became of every image of a batch, in lines to hand on, and whether the bucket bears it out."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.domain.records import Image, Variant
from pixelfleet.operations.tile_sets import StoredTiles

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MANIFEST_VERSION: Final = 1
CHUNK: Final = 1 << 20
THREADS: Final = 8
#: Lines that are looked at together.
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
    """What the bucket does not bear out: a path, the variant (None: the original), and how it differs."""

    path: str
    variant: str | None
    problem: str


class Verifier:
    """Holds records against what lies in the buckets.

    S3 checked each result's SHA-256 when it was stored, and tells it without the bytes; where it has none, or one over
    parts, the object is read. Of tiles each is looked at, and all together are held against the record's one digest.
    """

    def __init__(self, client: "S3Client", results_bucket: str) -> None:
        self._client = client
        self._bucket = results_bucket
        self._tiles = StoredTiles(client, results_bucket)

    def mismatches(self, images: Iterable[Image]) -> Iterator[tuple[Image, list[Mismatch]]]:
        """Each image with what is wrong with it, in order, several looked at at once."""
        waiting = iter(images)
        with ThreadPoolExecutor(THREADS) as pool:
            while some := [image for image, _ in zip(waiting, range(AHEAD), strict=False)]:
                yield from zip(some, pool.map(self._doubts_of, some), strict=True)

    def _doubts_of(self, image: Image) -> list[Mismatch]:
        found = []
        if image.variants and image.sha256:
            pinned = {"VersionId": image.version_id} if image.version_id else {}
            problem = self._differs({"Bucket": image.bucket, "Key": image.key, **pinned}, image.sha256)
            found += [Mismatch(image.path, None, problem)] if problem else []
        for variant in image.variants:
            problem = self._variant(variant)
            found += [Mismatch(image.path, variant.name, problem)] if problem else []
        return found

    def _variant(self, variant: Variant) -> str | None:
        if variant.files > 1:
            return self._tiles.problem(variant)
        return self._differs({"Bucket": self._bucket, "Key": variant.key}, variant.sha256)

    def _differs(self, place: dict[str, str], sha256: str) -> str | None:
        what: Any = place
        with translated(f"look at {place['Key']!r}"):
            try:
                head = self._client.head_object(**what, ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) in {"404", "405"}:
                    return "is not there"
                raise
            stored = head.get("ChecksumSHA256", "")
            there = base64.b64decode(stored).hex() if stored and "-" not in stored else self._read(what)
        return None if there == sha256 else f"has SHA-256 {there}, not {sha256}"

    def _read(self, what: Any) -> str:
        digest = hashlib.sha256()
        with closing(self._client.get_object(**what)["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()
