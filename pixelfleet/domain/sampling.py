"""A sample of images in which every format, size and owner has its share. Pure, and the same for one seed.

Stratified sampling: the sample is divided among the strata by their sizes (Webster's method of highest averages), and
each stratum with at least one image where the sample has room. Within a stratum, the images of the smallest ranks are
taken. The rank of an image depends on the seed and its id alone, so neither the order of the images nor a second pass
changes the sample.
"""

import hashlib
import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from pixelfleet.domain.records import Image

S = TypeVar("S")
#: The upper bounds of the size classes, in pixels.
_SIZES: Final = ((1_000_000, "small"), (10_000_000, "medium"), (50_000_000, "large"))
_LARGEST: Final = "huge"


@dataclass(frozen=True, slots=True, order=True)
class Stratum:
    """Images of one format, size class and owner."""

    format: str
    size: str
    owner: str


def stratum_of(image: Image) -> Stratum:
    """The stratum of an image; `unknown` stands for a format or a size that the record does not have."""
    pixels = (image.width or 0) * (image.height or 0)
    size = next((name for most, name in _SIZES if pixels < most), _LARGEST) if pixels else "unknown"
    return Stratum(image.format or "unknown", size, image.owner)


class StratifiedSample:
    """Takes images one after another. It keeps at most `size` ids of each stratum.

    Raises:
        ValueError: the size is not positive.
    """

    def __init__(self, size: int, seed: int) -> None:
        if size < 1:
            raise ValueError(f"a sample has at least one image, not {size}")
        self._size = size
        self.seed = seed
        self._kept: dict[Stratum, list[tuple[int, str]]] = {}
        self._counts: dict[Stratum, int] = {}

    @property
    def count(self) -> int:
        """The number of images that were added."""
        return sum(self._counts.values())

    def add(self, image: Image) -> None:
        stratum = stratum_of(image)
        self._counts[stratum] = self._counts.get(stratum, 0) + 1
        kept = self._kept.setdefault(stratum, [])
        # The heap has the largest rank first.
        entry = (-rank(self.seed, image.image_id), image.image_id)
        if len(kept) < self._size:
            heapq.heappush(kept, entry)
        else:
            heapq.heappushpop(kept, entry)

    def chosen(self) -> list[str]:
        """The ids of the sample, by rank."""
        shares = divided(self._size, self._counts)
        ranked = [
            (-negative, its_id) for of, kept in self._kept.items() for negative, its_id in _first(kept, shares[of])
        ]
        return [its_id for _, its_id in sorted(ranked)]


def rank(seed: int, image_id: str) -> int:
    """A number of 64 bits that looks random, the same for one seed and one image."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{image_id}".encode()).digest()[:8], "big")


def divided(size: int, counts: Mapping[S, int]) -> dict[S, int]:
    """The parts of a sample of `size`, by stratum: at most the count of each, and at least one if there is room."""
    largest_first = sorted(counts, key=lambda stratum: (-counts[stratum], str(stratum)))
    shares = {stratum: int(number < size and counts[stratum] > 0) for number, stratum in enumerate(largest_first)}
    heap = [_priority(counts, shares, number, stratum) for number, stratum in enumerate(largest_first)]
    heapq.heapify(heap)
    left = min(size, sum(counts.values())) - sum(shares.values())
    while left:
        _, number, stratum = heapq.heappop(heap)
        if shares[stratum] < counts[stratum]:
            shares[stratum] += 1
            left -= 1
            heapq.heappush(heap, _priority(counts, shares, number, stratum))
    return shares


def _priority(counts: Mapping[S, int], shares: Mapping[S, int], number: int, stratum: S) -> tuple[float, int, S]:
    """Webster's divisors are 1, 3, 5, ...; of equal quotients, the larger stratum comes first."""
    return (-counts[stratum] / (2 * shares[stratum] + 1), number, stratum)


def _first(kept: list[tuple[int, str]], count: int) -> list[tuple[int, str]]:
    return heapq.nlargest(count, kept)
