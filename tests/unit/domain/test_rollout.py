"""The rules of a rollout: states, the canary, the bound, outliers, and the worst images of a sample."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.outcomes import REPROCESSING_FAILED
from pixelfleet.domain.records import AttemptLine, Image, RecipeRef, Status
from pixelfleet.domain.rollout import (
    Bound,
    ImageState,
    bound_of,
    canary_share,
    canary_size,
    is_outlier,
    state_of,
    was_brought_to,
)
from pixelfleet.domain.rollout_sample import SampledImage, SampledRecipe, SampledVariant, is_bad, ratio_of, worst_first
from pixelfleet.errors import SetupError

OLD, NEW = (RecipeRef(name="shop", digest=digit * 64) for digit in "12")


def image(status: Status, recipe: RecipeRef | None = OLD, last: str = "ready", **more: Any) -> Image:
    log = (AttemptLine(at="2026", what=last),)
    made = {"revision_recipe": recipe, "attempt_log": log} | more
    return Image(image_id="i", bucket="b", key="k", owner="o", status=status, **made)


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (None, ImageState.GONE),
        (image(Status.DELETED, None), ImageState.GONE),
        (image(Status.READY), ImageState.TO_SEND),
        (image(Status.QUEUED), ImageState.QUEUED),
        (image(Status.PROCESSING), ImageState.PROCESSING),
        (image(Status.READY, NEW), ImageState.DONE),
        (image(Status.READY, last=REPROCESSING_FAILED, outcome=2), ImageState.FAILED),
        # Another recipe failed before the rollout took the image up.
        (image(Status.READY, last=REPROCESSING_FAILED, outcome=1), ImageState.TO_SEND),
        (image(Status.READY, outcome=2), ImageState.TO_SEND),
        (image(Status.FAILED, None, "failed"), ImageState.FAILED),
        # Made by the new recipe, and a later attempt failed: the results are those of the new recipe.
        (image(Status.READY, NEW, REPROCESSING_FAILED), ImageState.DONE),
    ],
)
def test_the_state_of_an_image_is_read_from_its_record(record: Image | None, state: ImageState) -> None:
    assert state_of(record, NEW, outcome=1) is state


def test_an_image_was_brought_to_a_recipe_if_somebody_chose_it() -> None:
    assert was_brought_to(image(Status.READY, NEW, chosen_recipe=NEW), NEW)
    assert not was_brought_to(image(Status.READY, NEW), NEW)
    assert not was_brought_to(image(Status.READY, NEW, chosen_recipe=OLD), NEW)


@given(st.integers(0, 10_000_000), st.floats(0.0001, 1))
def test_a_canary_has_at_least_one_image_and_at_most_all(images: int, share: float) -> None:
    size = canary_size(images, share)
    assert size == 0 if images == 0 else 1 <= size <= images
    assert size >= images * share - 1e-5


def test_a_canary_of_one_per_cent() -> None:
    assert [canary_size(images, 0.01) for images in (0, 1, 99, 100, 101, 300, 10_000)] == [0, 1, 1, 1, 2, 3, 100]


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.one_of(st.integers(0, 100), st.floats(0, 1)))
def test_a_bound_that_is_exceeded_stays_exceeded_by_more_failures(bad: int, images: int, bound: float) -> None:
    rule = Bound(number=bound) if isinstance(bound, int) else Bound(share=bound)
    assert not rule.is_exceeded(0, images)
    if rule.is_exceeded(bad, images):
        assert rule.is_exceeded(bad + 1, images)
        assert bad > 0


def test_one_failure_in_a_canary_of_fewer_than_a_hundred_exceeds_one_per_cent() -> None:
    bound = bound_of("1%")
    assert (bound.is_exceeded(1, 99), bound.is_exceeded(1, 100), bound.is_exceeded(2, 100)) == (True, False, True)
    assert (bound_of("0").is_exceeded(1, 10**6), bound_of("2").is_exceeded(2, 1)) == (True, False)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "101%", "1 percent", "1%%", "9" * 40, "nan%", "\uff11%", "\uff11"])
def test_a_text_that_is_no_bound_is_refused(text: str) -> None:
    with pytest.raises(SetupError, match="is no bound of failures"):
        bound_of(text)
    with pytest.raises(SetupError, match="is no canary"):
        canary_share(text)


def test_a_share_is_a_percentage_above_zero() -> None:
    assert (canary_share("1%"), canary_share("0.5 %"), canary_share("100%")) == (0.01, 0.005, 1.0)
    for text in ("0%", "5"):
        with pytest.raises(SetupError):
            canary_share(text)


@given(st.integers(1, 10**9), st.floats(0.05, 20))
def test_results_of_the_expected_weight_are_no_outlier(before: int, ratio: float) -> None:
    assert not is_outlier(before, round(before * ratio), ratio)
    assert not is_outlier(0, 10**9, ratio)


def test_results_far_from_the_expected_weight_are_outliers_unless_they_are_small() -> None:
    assert is_outlier(1_000_000, 2_100_000, 0.5)
    assert is_outlier(1_000_000, 100_000, 0.5)
    assert not is_outlier(1_000_000, 1_900_000, 0.5)
    assert not is_outlier(10_000, 50_000, 1.0)


def card(size: int, ssim: float | None) -> SampledVariant:
    return SampledVariant(name="card", file="card.jpg", format="jpeg", width=9, height=9, bytes=size, ssim=ssim)


def recipe(ssim: float | None = 0.9, size: int = 1_000, problem: str | None = None) -> SampledRecipe:
    variants = () if problem else (card(size, ssim),)
    return SampledRecipe(variants=variants, problem=problem)


def sampled(name: str, older: SampledRecipe, newer: SampledRecipe, skipped: str | None = None) -> SampledImage:
    of = {"path": name, "owner": "o", "format": "jpeg", "bytes": 9}
    return SampledImage.model_validate({"image_id": name, "older": older, "newer": newer, "skipped": skipped} | of)


def test_the_worst_images_are_failures_then_the_largest_losses() -> None:
    images = [
        sampled("better", recipe(0.8), recipe(0.9)),
        sampled("worse", recipe(0.9), recipe(0.7)),
        sampled("fails", recipe(), recipe(problem="recipe_unfit: no")),
        sampled("failed before", recipe(problem="x"), recipe(problem="x")),
        sampled("skipped", SampledRecipe(), SampledRecipe(), "too large"),
    ]
    assert [each.path for each in worst_first(images)] == ["fails", "worse", "failed before", "better"]
    assert [each.path for each in images if is_bad(each, 1.0)] == ["worse", "fails"]


def test_the_expected_weight_is_the_median_of_the_sample() -> None:
    images = [sampled(f"{size}", recipe(size=1_000_000), recipe(size=size)) for size in (400_000, 500_000, 3_000_000)]
    assert ratio_of(images) == 0.5
    assert [each.path for each in images if is_bad(each, 0.5)] == ["3000000"]
    assert ratio_of([]) == 1.0
