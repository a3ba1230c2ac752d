"""All size arithmetic, without pixels."""

import pytest

from pixelfleet.images.geometry import corner, place, shrink_on_load
from pixelfleet.recipes import Gravity, Variant


def variant(**fields: object) -> Variant:
    return Variant.model_validate({"name": "v", **fields})


@pytest.mark.parametrize(
    ("source", "box", "expected"),
    [
        ((4000, 3000), (2048, 2048), (2048, 1536)),
        ((3000, 4000), (2048, 2048), (1536, 2048)),
        ((100, 50), (2048, 2048), (100, 50)),
        ((10_000, 3), (320, 320), (320, 1)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_inside_keeps_the_shape_and_never_enlarges(
    source: tuple[int, int], box: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert place(source, variant(box=box)).canvas == expected


def test_inside_enlarges_if_enlarge_is_set() -> None:
    assert place((100, 50), variant(box=400, enlarge=True)).resized == (400, 200)


def test_cover_fills_the_box_and_crops() -> None:
    placed = place((4000, 3000), variant(box=[500, 500], fit="cover"))
    assert placed.resized == (667, 500)
    assert placed.crop == placed.canvas == (500, 500)


def test_cover_of_a_small_source_keeps_the_boxs_shape_without_enlarging() -> None:
    placed = place((1000, 200), variant(box=[500, 500], fit="cover"))
    assert placed.resized == (1000, 200)
    assert placed.crop == (200, 200)


def test_exact_stretches() -> None:
    assert place((4000, 3000), variant(box=[500, 100], fit="exact")).resized == (500, 100)


def test_pad_fills_the_box_around_an_image_that_stays_small() -> None:
    placed = place((100, 50), variant(box=[300, 300], pad=True))
    assert (placed.resized, placed.canvas) == ((100, 50), (300, 300))


def test_no_box_keeps_the_size() -> None:
    assert place((123, 45), variant()).canvas == (123, 45)


@pytest.mark.parametrize(
    ("needed", "shrink"), [((2048, 1536), 1), ((1000, 750), 2), ((500, 375), 4), ((320, 240), 4), ((100, 75), 8)]
)
def test_a_decoder_shrinks_only_while_twice_the_pixels_are_left(needed: tuple[int, int], shrink: int) -> None:
    assert shrink_on_load((4000, 3000), needed) == shrink


@pytest.mark.parametrize(
    ("gravity", "expected"),
    [
        (Gravity.CENTRE, (40, 45)),
        (Gravity.NORTH_WEST, (5, 5)),
        (Gravity.SOUTH_EAST, (75, 85)),
        (Gravity.EAST, (75, 45)),
    ],
)
def test_a_corner_keeps_its_margin(gravity: Gravity, expected: tuple[int, int]) -> None:
    assert corner((100, 100), (20, 10), gravity, 5) == expected
