"""Groups of images with the same bytes or nearly the same hash are complete, and no chain joins different pictures."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.similarity import MOST_DISTANCE, Look, same_bytes, same_look

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=12)
FLIPS = st.lists(st.tuples(st.integers(0, 11), st.sets(st.integers(0, 63), max_size=MOST_DISTANCE + 1)), max_size=12)


def look(name: str, value: int | None = None, sha256: str | None = None) -> Look:
    return Look(name, f"uploads/ana/a/{name}", 10, sha256, None if value is None else f"{value:016x}")


def names(groups: list[list[Look]]) -> list[list[str]]:
    return [[one.image_id for one in group] for group in groups]


def test_images_with_the_same_digest_are_one_group() -> None:
    looks = [look("a", sha256="x"), look("b", sha256="y"), look("c", sha256="x"), look("d"), look("e")]
    assert names(same_bytes(looks)) == [["a", "c"]]


def test_a_hash_within_the_distance_joins_the_first_image() -> None:
    looks = [look("a", 0), look("b", 0b1111), look("c", 0b11111), look("d")]
    assert names(same_look(looks, 4)) == [["a", "b"]]


def test_no_chain_of_small_differences_joins_different_pictures() -> None:
    looks = [look("a", 0), look("b", 0b11), look("c", 0b1111)]
    assert names(same_look(looks, 2)) == [["a", "b"]]


def test_distance_zero_joins_only_equal_hashes() -> None:
    assert names(same_look([look("a", 5), look("b", 4), look("c", 5)], 0)) == [["a", "c"]]


@pytest.mark.parametrize("distance", [-1, MOST_DISTANCE + 1])
def test_a_distance_beyond_the_bands_is_refused(distance: int) -> None:
    with pytest.raises(ValueError, match=f"0 to {MOST_DISTANCE}"):
        same_look([], distance)


@given(HASHES, FLIPS, st.integers(0, MOST_DISTANCE))
def test_the_bands_miss_no_pair(hashes: list[int], flips: list[tuple[int, set[int]]], distance: int) -> None:
    """The groups are those of a search that compares every pair."""
    every = [*hashes, *(hashes[at] ^ sum(1 << bit for bit in bits) for at, bits in flips if at < len(hashes))]
    looks = [look(str(number), value) for number, value in enumerate(every)]
    left, expected = list(range(len(every))), []
    while left:
        first = left[0]
        group = [number for number in left if (every[number] ^ every[first]).bit_count() <= distance]
        left = [number for number in left if number not in group]
        if len(group) > 1:
            expected.append({str(number) for number in group})
    groups = same_look(looks, distance)
    assert [set(group) for group in names(groups)] == expected
    members = [one for group in names(groups) for one in group]
    assert all(one != other for one, other in combinations(members, 2))
