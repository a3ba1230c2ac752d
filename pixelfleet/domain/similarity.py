"""Images that are the same, or look the same: groups by SHA-256, and groups by perceptual hash. Pure.

Two hashes of 64 bits that differ in at most D bits are equal in at least one of D + 1 bands of bits, since D
differences spoil at most D bands. So each hash is compared only with the hashes of its
bands, and each pair is verified.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_BITS: Final = 64
#: Beyond this distance, bands of a few bits hold many hashes, and different pictures are near each other.
MOST_DISTANCE: Final = 8


@dataclass(frozen=True, slots=True)
class Look:
    """The compared values of an image: its digest, and its perceptual hash as 16 hex digits."""

    image_id: str
    key: str
    bytes: int
    sha256: str | None
    perceptual_hash: str | None


def distance(one: str, other: str) -> int:
    """The bits in which two perceptual hashes of 16 hex digits differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def same_bytes(looks: Iterable[Look]) -> list[list[Look]]:
    """Groups of two or more images with the same SHA-256, each in the given order; the first image of a group
    decides the place of the group."""
    groups: dict[str, list[Look]] = {}
    for look in looks:
        if look.sha256:
            groups.setdefault(look.sha256, []).append(look)
    return [group for group in groups.values() if len(group) > 1]


def same_look(looks: Iterable[Look], distance: int) -> list[list[Look]]:
    """Groups of two or more images whose hashes differ from the first image's in at most `distance` bits.

    An image belongs to the earliest group that takes it, so that no chain of small differences joins different
    pictures.

    Raises:
        ValueError: the distance is not 0 to `MOST_DISTANCE`.
    """
    if not 0 <= distance <= MOST_DISTANCE:
        raise ValueError(f"a distance is 0 to {MOST_DISTANCE} bits, not {distance}")
    by_hash: dict[int, list[Look]] = {}
    for look in looks:
        if look.perceptual_hash:
            by_hash.setdefault(int(look.perceptual_hash, 16), []).append(look)
    index = _index(by_hash, distance)
    order = {value: number for number, value in enumerate(by_hash)}
    left = set(by_hash)
    groups = []
    for first in by_hash:
        if first not in left:
            continue
        near = _near(first, index, distance) & left
        left -= near
        group = [look for value in sorted(near, key=order.__getitem__) for look in by_hash[value]]
        if len(group) > 1:
            groups.append(group)
    return groups


_Band = tuple[int, int]


def _index(hashes: Iterable[int], distance: int) -> dict[_Band, list[int]]:
    index: dict[_Band, list[int]] = defaultdict(list)
    for value in hashes:
        for band in _bands(value, distance):
            index[band].append(value)
    return index


def _near(value: int, index: dict[_Band, list[int]], distance: int) -> set[int]:
    candidates = {other for band in _bands(value, distance) for other in index[band]}
    return {other for other in candidates if (other ^ value).bit_count() <= distance}


def _bands(value: int, distance: int) -> Iterable[_Band]:
    """The number and the bits of each of `distance` + 1 bands."""
    count = distance + 1
    for number in range(count):
        low, high = _BITS * number // count, _BITS * (number + 1) // count
        yield number, (value >> low) & ((1 << (high - low)) - 1)
