"""Colours in words; the values are CSS named colours (CSS Color 4, section 6.1)."""

import pytest

from pixelfleet.domain.colours import Colour, colour_of


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("#ff0000", Colour.RED), ("#dc143c", Colour.RED), ("#ff8c00", Colour.ORANGE), ("#ffd700", Colour.YELLOW),
        ("#008000", Colour.GREEN), ("#32cd32", Colour.GREEN), ("#00ced1", Colour.CYAN), ("#0000ff", Colour.BLUE),
        ("#4682b4", Colour.BLUE), ("#8a2be2", Colour.PURPLE), ("#ff69b4", Colour.PINK), ("#8b4513", Colour.BROWN),
        ("#000000", Colour.BLACK), ("#808080", Colour.GREY), ("#ffffff", Colour.WHITE), ("#fffafa", Colour.WHITE),
    ],
)  # fmt: skip
def test_a_css_colour_gets_the_name_of_its_basic_colour(value: str, name: Colour) -> None:
    assert colour_of(value) is name


@pytest.mark.parametrize("value", [None, "", "red", "#12", "#1234567"])
def test_a_text_that_is_no_colour_has_no_name(value: str | None) -> None:
    assert colour_of(value) is None
