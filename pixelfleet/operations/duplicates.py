"""Images of one owner with the same bytes, or that look the same: of one image, and all groups, a page at a time.

| asked for | read |
| --- | --- |
| the same bytes as one image | one query of images/by_digest, and the records of its answer |
| what looks like one image | the hashes of the `LOOKED_AT` images before it and as many after it |
| all groups with the same bytes | `MOST_LOOKED_AT` images a page, and a query of images/by_digest for each digest |
| all groups that look the same | the hashes of `MOST_LOOKED_AT` images a page: a group lies within one page |
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pixelfleet.catalog.image_reader import Glance
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import Slice
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.similarity import Look, distance, same_look
from pixelfleet.operations.batch_images import batch_images

#: Images that look the same are searched among this number of images uploaded before, and as many after.
LOOKED_AT: Final = 500
#: Images with the same bytes that are shown of one group.
MOST_SAME: Final = 25
#: Images that one page of groups looks at, and those that are read together.
MOST_LOOKED_AT: Final = 1_000
_AT_ONCE: Final = 200
#: The groups after which a page ends.
ENOUGH_GROUPS: Final = 20


@dataclass(frozen=True, slots=True)
class Duplicate:
    """`distance`: bits in which the perceptual hash differs from the compared image's. 0 also for the same bytes."""

    image: Image
    distance: int


@dataclass(frozen=True, slots=True)
class Scope:
    """All images of an owner, newest first, or those of one batch that are ready, by path.

    `near`: the most bits in which images that look the same may differ; None: the bytes are compared.
    """

    owner: str
    batch: str | None = None
    near: int | None = None


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Groups of two or more, the oldest image of each first. `cursor`: the place of the next page, None at the end."""

    groups: list[list[Duplicate]]
    cursor: str | None
    looked_at: int


def duplicates(images: Images, image: Image) -> list[Image]:
    """At most `MOST_SAME` other images of the owner with the same SHA-256, oldest first.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if image.sha256 is None:
        return []
    others = [one for one in images.with_digest(image.owner, image.sha256, MOST_SAME + 1) if one != image.image_id]
    present = images.get_many(others[:MOST_SAME]).values()
    kept = (one for one in present if one.status is not Status.DELETED and one.sha256 == image.sha256)
    return sorted(kept, key=_age)


def lookalikes(images: Images, image: Image, near: int, most: int = LOOKED_AT) -> list[Duplicate]:
    """Other images that look the same, of those that were uploaded just before and just after; the most similar first.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if image.perceptual_hash is None:
        return []
    around = {image_id for newest_first in (True, False) for image_id in _around(images, image, most, newest_first)}
    around.discard(image.image_id)
    apart = {
        glance.image_id: distance(image.perceptual_hash, glance.perceptual_hash)
        for glance in images.glance(around).values()
        if glance.perceptual_hash and glance.status is not Status.DELETED
    }
    records = images.get_many(image_id for image_id, bits in apart.items() if bits <= near)
    similar = (Duplicate(one, apart[one.image_id]) for one in records.values() if one.status is not Status.DELETED)
    return sorted(similar, key=lambda one: (one.distance, _age(one.image)))


def groups_of(images: Images, scope: Scope, after: str = "") -> GroupPage:
    """The groups of the images behind `after`, the cursor of the page before.

    A group with the same bytes is listed once: on the page with its newest image, or with its first path in the batch.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    listed = _listed(images, scope, after)
    groups: list[list[Glance]] = []
    looked_at, last = 0, ""
    size = _AT_ONCE if scope.near is None else MOST_LOOKED_AT
    while looked_at < MOST_LOOKED_AT and len(groups) < ENOUGH_GROUPS:
        places = dict(islice(listed, size))
        looked_at += len(places)
        glances = images.glance(places)
        window = [glances[one] for one in places if one in glances and glances[one].status is not Status.DELETED]
        groups += _same_bytes(images, scope, window) if scope.near is None else _same_look(window, scope.near)
        last = next(reversed(places.values()), "")
        if len(places) < size:
            return GroupPage(_with_records(images, groups), None, looked_at)
    return GroupPage(_with_records(images, groups), last, looked_at)


def looks(images: Images, owner: str, batch: str | None = None) -> Iterator[Look]:
    """The compared values of an owner's images, oldest first, or of a batch, by path. Deleted images are left out.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if batch is None:
        entries = images.of_owner(owner, Slice(newest_first=False))
        records: Iterator[Image] = (image for _, image in images.records(entries))
    else:
        records = batch_images(images, owner, batch, [status for status in Status if status is not Status.DELETED])
    for image in records:
        if image.status is not Status.DELETED:
            yield Look(image.image_id, image.key, image.bytes or 0, image.sha256, image.perceptual_hash)


def _listed(images: Images, scope: Scope, after: str) -> Iterator[tuple[str, str]]:
    """The images of a scope behind a place, each with its place."""
    at_once = _AT_ONCE // 4
    if scope.batch is None:
        part = Slice(after=after, newest_first=True, page_size=at_once)
        yield from ((entry.image_id, entry.sort) for entry in images.of_owner(scope.owner, part))
        return
    place = f"{Status.READY}#{after}" if after else ""
    how = Slice(page_size=at_once)
    for entry in images.of_batch(scope.owner, scope.batch, Status.READY, after=place, how=how):
        yield entry.image_id, entry.sort.partition("#")[2]


def _same_bytes(images: Images, scope: Scope, window: list[Glance]) -> list[list[Glance]]:
    """The groups whose first image in the order of the scope is in the window."""
    by_digest = images.with_digests(scope.owner, (one.sha256 for one in window if one.sha256), MOST_SAME)
    several = {sha256: ids for sha256, ids in by_digest.items() if len(ids) > 1}
    glances = images.glance({image_id for ids in several.values() for image_id in ids})
    here = {one.image_id for one in window}
    groups = []
    for sha256, ids in several.items():
        # An image may have been processed with other bytes, or deleted, since its entry was read.
        same = [glances[one] for one in ids if one in glances and glances[one].sha256 == sha256]
        present = sorted((one for one in same if one.status is not Status.DELETED), key=_age)
        if len(present) > 1 and _first(present, scope).image_id in here:
            groups.append(present)
    return groups


def _first(group: list[Glance], scope: Scope) -> Glance:
    if scope.batch is None:
        return group[-1]
    ready = (one for one in group if one.batch == scope.batch and one.status is Status.READY)
    return min(ready, key=lambda one: one.path, default=group[-1])


def _same_look(window: list[Glance], near: int) -> list[list[Glance]]:
    by_id = {one.image_id: one for one in window}
    oldest_first = sorted(window, key=_age)
    compared = (Look(one.image_id, one.path, one.bytes or 0, one.sha256, one.perceptual_hash) for one in oldest_first)
    return [[by_id[look.image_id] for look in group] for group in same_look(compared, near)]


def _with_records(images: Images, groups: list[list[Glance]]) -> list[list[Duplicate]]:
    records = images.get_many(one.image_id for group in groups for one in group)
    whole = []
    for group in groups:
        present = [records[one.image_id] for one in group if one.image_id in records]
        kept = [image for image in present if image.status is not Status.DELETED]
        if len(kept) > 1:
            whole.append([Duplicate(image, _apart(kept[0], image)) for image in kept])
    return whole


def _apart(one: Image, other: Image) -> int:
    if one.sha256 == other.sha256 or not one.perceptual_hash or not other.perceptual_hash:
        return 0
    return distance(one.perceptual_hash, other.perceptual_hash)


def _age(image: Image | Glance) -> tuple[str, str]:
    return image.uploaded_at, image.image_id


def _around(images: Images, image: Image, most: int, newest_first: bool) -> Iterable[str]:
    place = f"{image.uploaded_at}#{image.image_id}"
    part = Slice(after=place, newest_first=newest_first, page_size=most // 4 + 1)
    return (entry.image_id for entry in islice(images.of_owner(image.owner, part), most))
