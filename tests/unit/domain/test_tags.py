"""Tags: how a text becomes a tag, and how a change is applied."""

import pytest

from pixelfleet.domain.tags import MOST_TAGS, Tags, parse_tag, parse_tags
from pixelfleet.errors import SetupError


@pytest.mark.parametrize(
    ("text", "tag"),
    [("Beach", "beach"), ("  two   words ", "two words"), ("Cafe\u0301", "caf\xe9"), ("東京", "東京"), ("c++", "c++")],
)
def test_a_tag_is_stored_in_one_form(text: str, tag: str) -> None:
    assert parse_tag(text) == tag


@pytest.mark.parametrize("text", ["", " ", "-", "a\nb\x00", "<b>", "x" * 51, "a,b", '"', "tag\u202e"])
def test_a_text_that_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(SetupError, match="is no tag"):
        parse_tag(text)


def test_a_text_names_tags_to_add_and_to_remove() -> None:
    assert parse_tags("Beach, -old, beach ,summer 26") == Tags(("beach", "summer 26"), ("old",))
    for text in ("", " , ", ",".join("abcdefghijklmnopqrstuv")):
        with pytest.raises(SetupError, match="with commas between"):
            parse_tags(text)


def test_a_change_keeps_the_tags_sorted_and_adds_no_tag_beyond_the_limit() -> None:
    assert Tags(("b", "a"), ("x",)).applied(("x", "c")) == ("a", "b", "c")
    full = tuple(f"t{number:02}" for number in range(MOST_TAGS))
    assert Tags(("new",)).applied(full) == full
    assert Tags(("new",), ("t00",)).applied(full) == ("new", *full[1:])
