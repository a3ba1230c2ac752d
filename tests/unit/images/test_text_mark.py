"""Text marks: letters beyond ASCII have glyphs; text without glyphs is refused before any file is made."""

import pytest
from PIL import ImageFont

from pixelfleet.errors import RecipeError
from pixelfleet.images.marks import _font, text_mark
from pixelfleet.recipes import Watermark, parse
from pixelfleet.recipes.glyphs import RANGES

Look = tuple[tuple[int, int], bytes]


def look(font: ImageFont.FreeTypeFont, character: str) -> Look:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


def test_every_letter_that_is_allowed_has_a_glyph() -> None:
    font = _font()
    missing = look(font, "\uffff")
    without = [chr(at) for first, last in RANGES for at in range(first, last + 1) if look(font, chr(at)) == missing]
    assert without == []


@pytest.mark.parametrize("text", ["© Müller & Søn", "Ελλάδα", "Москва", "Հայ", "50 € → ½"])
def test_letters_of_other_alphabets_are_drawn(text: str) -> None:
    drawn, boxes = (text_mark(Watermark(text=value), 400) for value in (text, "\u00a0"))
    assert drawn.extract_band(3).max() > boxes.extract_band(3).max()


def test_a_letter_and_a_combining_accent_become_one_character() -> None:
    assert Watermark(text="Mu\u0308ller").text == "Müller"


@pytest.mark.parametrize(("text", "reported"), [("© 写真", "写 真"), ("שלום", "picture"), ("a\\nb", "U\\+000A")])
def test_text_that_cannot_be_drawn_is_refused_with_the_reason(text: str, reported: str) -> None:
    with pytest.raises(RecipeError, match=f"line 4: variants.watermark.text: .*{reported}"):
        parse(f'name = "r"\n[[variants]]\nname = "v"\nwatermark = {{ text = "{text}" }}\n', "r.toml")
