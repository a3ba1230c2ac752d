"""Filters as people type them, shapes, and areas."""

import pytest

from pixelfleet.domain.areas import Area, parse_area
from pixelfleet.domain.image_filters import EVERYBODY, Filters, ImageFilters, ImageOrder, OrderedFilters, Shape


def test_invalid_values_of_an_address_are_left_out_and_the_others_are_kept() -> None:
    typed = {
        "status": "none-such", "since": "2026-13-45", "near": "here", "taken": "July", "order": "size", "name": "x",
        "shape": "", "unknown": "1", "camera": "y" * 101,
    }  # fmt: skip
    assert OrderedFilters.lenient(typed) == OrderedFilters(name="x", order=ImageOrder.SMALLEST)


def test_filters_of_everybody_have_no_batch_and_the_callers_owner_is_not_taken_over() -> None:
    asked = ImageFilters(batch="b", tag=" Beach ")
    assert Filters.of(EVERYBODY, asked) == Filters(owner=EVERYBODY, tag="beach")
    assert Filters.of("ana", asked) == Filters(owner="ana", batch="b", tag="beach")


@pytest.mark.parametrize(
    ("width", "height", "shapes"),
    [
        (4_000, 3_000, {Shape.LANDSCAPE}),
        (3_000, 4_000, {Shape.PORTRAIT}),
        (1_000, 1_010, {Shape.SQUARE}),
        (6_000, 3_000, {Shape.LANDSCAPE, Shape.PANORAMA}),
        (1_000, 9_000, {Shape.PORTRAIT, Shape.PANORAMA}),
        (None, None, set()),
    ],
)
def test_a_picture_has_the_shapes_of_its_pixels(width: int | None, height: int | None, shapes: set[Shape]) -> None:
    assert {shape for shape in Shape if shape.fits(width, height)} == shapes


def test_an_area_has_the_places_within_its_kilometres() -> None:
    """Berlin to Paris is 878 km along the great circle."""
    assert Area(52.52, 13.405, 880).has("48.8566,2.3522")
    assert not Area(52.52, 13.405, 876).has("48.8566,2.3522")
    # Across the date line, and at the pole.
    assert Area(0, 179.9, 25).has("0,-179.9")
    assert Area(90, 0, 1).has("90.0,-120.5")
    assert not Area(0, 0).has("")


@pytest.mark.parametrize("text", ["", "52", "91,0", "0,181", "0,0,0", "0,0,99999", "1e3,0", "nan,nan", "52,13,5,7"])
def test_a_text_that_is_no_area_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="latitude,longitude"):
        parse_area(text)
