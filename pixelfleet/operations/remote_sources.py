"""Sources of `run` and `render` that lie in a bucket: their objects are fetched into a folder, to be tried out.

Keys that cannot be images are left out, as in `adopt`, and archived objects too. The number of objects is bounded:
`adopt` is the command for a whole bucket.
"""

import hashlib
import os
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from pixelfleet.aws.listing import ListedObject
from pixelfleet.deployment import Deployment
from pixelfleet.domain.adoption import cannot_be_image
from pixelfleet.errors import SetupError
from pixelfleet.files.result_folders import folds_case, safe_path
from pixelfleet.operations.adoption.order import source_of

#: The most objects that are fetched.
MOST: Final = 10_000
THREADS: Final = 8
#: The part of the free room that originals may take; the results need the rest.
_SHARE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of the objects; the number of objects that are no images by key and size, and that are archived."""

    files: tuple[Path, ...]
    skipped: int
    archived: int


def is_remote(source: str) -> bool:
    """Whether a source is the address of a bucket or of a part of one."""
    return source.startswith("s3://")


def fetch_sources(
    deployment: Deployment, addresses: Iterable[str], folder: Path, progress: Callable[[int], None] = lambda _: None
) -> Fetched:
    """Fetch the objects of these addresses to `folder`/BUCKET/KEY. An existing file of the same size and time is kept.

    Raises:
        SetupError: a bucket cannot be read, an address has no object or too many, or the disk is too small; nothing is
            fetched then.
        TransientError: S3 does not answer.
    """
    objects: list[tuple[str, ListedObject]] = []
    for address in addresses:
        bucket, prefix = source_of(address)
        deployment.source_buckets.check_listable(bucket, prefix)
        of_address = [(bucket, listed) for listed in _listed(deployment, address, bucket, prefix, MOST - len(objects))]
        if not of_address:
            raise SetupError(f"there is no object at {address}: look with `aws s3 ls {address}`")
        objects += of_address
    most = deployment.settings.heavy_max_bytes
    images = [(bucket, each) for bucket, each in objects if cannot_be_image(each.key, each.bytes, most) is None]
    readable = [(bucket, each) for bucket, each in images if each.archive is None]
    folder.mkdir(parents=True, exist_ok=True)
    _check_room(folder, sum(listed.bytes for _, listed in readable))
    places = _places([f"{bucket}/{listed.key}" for bucket, listed in readable], folder)
    with ThreadPoolExecutor(THREADS) as pool:
        files = []
        for path in pool.map(lambda pair, place: _fetch(deployment, pair[0], pair[1], place), readable, places):
            files.append(path)
            progress(len(files))
    return Fetched(tuple(files), len(objects) - len(images), len(images) - len(readable))


def _listed(deployment: Deployment, address: str, bucket: str, prefix: str, most: int) -> Iterator[ListedObject]:
    number = 0
    for page in deployment.listings.pages(bucket, prefix):
        for listed in page:
            number += 1
            if number > most:
                raise SetupError(
                    f"{address} has more than {MOST:,} objects: name a smaller prefix to try it out. `pixelfleet adopt "
                    f"{address}` processes a whole bucket, where its objects are"
                )
            yield listed


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > _SHARE * free:
        raise SetupError(f"the objects have {size:,} bytes, and {free:,} are free at {folder}: name a smaller prefix")


def _places(names: Sequence[str], folder: Path) -> list[Path]:
    """A file for each BUCKET/KEY, the same in each run for the same objects.

    A file is marked by a digest of its name if an earlier object has the file (`a//b` and `a/b`), or if the file would
    be a folder of another object.
    """
    folds = folds_case(folder)
    plain = [safe_path(name) for name in names]
    folders = {_folded(above, folds=folds) for path in plain for above in PurePosixPath(path).parents}
    taken: set[str] = set()
    places = []
    for name, path in zip(names, plain, strict=True):
        place = PurePosixPath(path)
        if (folded := _folded(place, folds=folds)) in taken or folded in folders:
            place = PurePosixPath(safe_path(f"{place.parent}/{place.stem}~{_digest(name)}{place.suffix}"))
        taken.add(_folded(place, folds=folds))
        places.append(folder / place)
    return places


def _folded(path: PurePosixPath, *, folds: bool) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold() if folds else str(path)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _fetch(deployment: Deployment, bucket: str, listed: ListedObject, path: Path) -> Path:
    modified = listed.modified.timestamp()
    if path.is_file() and (path.stat().st_size, int(path.stat().st_mtime)) == (listed.bytes, int(modified)):
        return path
    draft = path.with_name(f".{_digest(path.name)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        deployment.source_buckets.download(bucket, listed.key, draft)
        os.utime(draft, (modified, modified))
        return draft.replace(path)
    except OSError as error:
        raise SetupError(
            f"s3://{bucket}/{listed.key} cannot be written to {path}: {error.strerror}. An earlier run may have left a "
            "file there: name another folder by --out"
        ) from None
