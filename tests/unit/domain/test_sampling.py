"""A stratified sample has every stratum, the requested size, and is the same for one seed in any order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.sampling import StratifiedSample, Stratum, divided, rank, stratum_of


def image(number: int, owner: str = "ana", form: str = "jpeg", side: int = 100) -> Image:
    return Image(
        image_id=f"{owner}{form}{side}-{number}",
        bucket="b",
        key=f"{number}",
        owner=owner,
        status=Status.READY,
        format=form,
        width=side,
        height=side,
    )


counts = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 500), max_size=30)
populations = st.lists(
    st.builds(
        image,
        st.integers(0, 10_000),
        st.sampled_from(["ana", "ben", "cleo"]),
        st.sampled_from(["jpeg", "png"]),
        st.sampled_from([100, 2_000, 4_000, 9_000]),
    ),
    max_size=80,
    unique_by=lambda one: one.image_id,
)


@given(counts, st.integers(1, 300))
def test_the_parts_of_a_sample_add_up_and_no_stratum_gives_more_than_it_has(of: dict[str, int], size: int) -> None:
    shares = divided(size, of)
    assert sum(shares.values()) == min(size, sum(of.values()))
    assert all(0 <= shares[stratum] <= of[stratum] for stratum in of)


@given(counts, st.integers(1, 300))
def test_every_stratum_is_in_a_sample_that_has_room_for_it(of: dict[str, int], size: int) -> None:
    there = {stratum for stratum, count in of.items() if count}
    shares = divided(size, of)
    if len(there) <= size:
        assert {stratum for stratum, share in shares.items() if share} == there
    else:
        assert max(shares.values()) == 1


@given(counts, st.integers(1, 300))
def test_a_larger_stratum_never_has_a_smaller_part(of: dict[str, int], size: int) -> None:
    shares = divided(size, of)
    ordered = sorted(of, key=lambda stratum: of[stratum])
    assert all(shares[small] <= shares[large] for small, large in pairwise(ordered) if of[small] < of[large])


@given(populations, st.integers(1, 40), st.integers(0, 2**63), st.randoms(use_true_random=False))
def test_one_seed_chooses_the_same_images_in_any_order(
    population: list[Image], size: int, seed: int, shuffled: "st.DataObject"
) -> None:
    def chosen(images: list[Image]) -> list[str]:
        sample = StratifiedSample(size, seed)
        for each in images:
            sample.add(each)
        assert sample.count == len(images)
        return sample.chosen()

    other = list(population)
    shuffled.shuffle(other)  # type: ignore[attr-defined]
    first = chosen(population)
    assert first == chosen(other)
    assert len(first) == len(set(first)) == min(size, len(population))
    strata = {stratum_of(each) for each in population}
    if len(strata) <= size:
        by_id = {each.image_id: each for each in population}
        assert {stratum_of(by_id[its_id]) for its_id in first} == strata


def test_another_seed_chooses_other_images() -> None:
    def chosen(seed: int) -> list[str]:
        sample = StratifiedSample(10, seed)
        for number in range(1_000):
            sample.add(image(number))
        return sample.chosen()

    assert chosen(1) != chosen(2)
    assert rank(1, "a") != rank(2, "a")


def test_a_sample_keeps_a_bounded_number_of_ids() -> None:
    sample = StratifiedSample(5, 0)
    for number in range(10_000):
        sample.add(image(number, owner="ab"[number % 2]))
    assert [len(kept) for kept in sample._kept.values()] == [5, 5]


def test_the_size_class_is_that_of_the_pixels() -> None:
    assert [stratum_of(image(1, side=side)).size for side in (0, 999, 1_000, 3_500, 9_000)] == [
        "unknown", "small", "medium", "large", "huge",
    ]  # fmt: skip
    unknown = image(1).model_copy(update={"format": None, "width": None})
    assert stratum_of(unknown) == Stratum("unknown", "unknown", "ana")


def test_a_sample_of_no_image_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        StratifiedSample(0, 1)
