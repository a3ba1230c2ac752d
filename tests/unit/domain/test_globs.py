"""Globs match the same keys as a reference in regular expressions; a glob can take all keys of another glob."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.globs import MOST_CHARACTERS, Glob, glob, share_a_key, takes_all
from pixelfleet.errors import SetupError

TEXTS = st.text("ab/*?", min_size=1, max_size=8).filter(lambda text: "***" not in text)
KEYS = st.text("abc/", max_size=8)


def reference(text: str) -> re.Pattern[str]:
    """The same glob as a regular expression, which may take exponential time."""
    translated = re.sub(
        r"(?P<dir>(?:(?<=/)|^)\*\*/)|(?P<all>\*\*)|(?P<star>\*)|(?P<one>\?)|(?P<plain>.)",
        lambda match: {"dir": "(?:.*/)?", "all": ".*", "star": "[^/]*", "one": "[^/]"}.get(
            match.lastgroup or "", re.escape(match[0])
        ),
        text,
    )
    return re.compile(translated, re.DOTALL)


@given(TEXTS, KEYS)
def test_a_glob_matches_the_same_keys_as_the_reference(text: str, key: str) -> None:
    assert glob(text).matches(key) == (reference(text).fullmatch(key) is not None)


@pytest.mark.parametrize(
    ("text", "taken", "left"),
    [
        ("catalog/**", ["catalog/a.jpg", "catalog/a/b.jpg", "catalog/"], ["catalog", "x/catalog/a"]),
        ("catalog/*.jpg", ["catalog/a.jpg", "catalog/.jpg"], ["catalog/a/b.jpg", "catalog/a.JPG"]),
        ("**/*.tif", ["a.tif", "x/y/a.tif"], ["a.tiff"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]),
        ("**", ["", "a", "a/b\n"], []),
        ("?.png", ["a.png", "ä.png"], ["/.png", "ab.png"]),
        ("img_[0-9][!/x].jpg", ["img_1a.jpg"], ["img_ab.jpg", "img_1x.jpg", "img_1/.jpg"]),
        ("[a-c]*", ["a", "beta"], ["d", "a/b"]),
        ("a[[]b", ["a[b"], ["ab"]),
        ("ü/ +*", ["ü/ +1"], ["u/ +1"]),
    ],
)
def test_a_glob_matches_some_keys_and_does_not_match_others(text: str, taken: list[str], left: list[str]) -> None:
    assert [key for key in taken if not glob(text).matches(key)] == []
    assert [key for key in left if glob(text).matches(key)] == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("", "1 to 256 characters"),
        ("x" * (MOST_CHARACTERS + 1), "1 to 256 characters, not 257"),
        ("a***", r"\* takes all but /, \*\* takes all"),
        ("a[b", "without its ]"),
        ("[z-a]", "ends in the wrong order"),
        ("a[/]b", "write / itself"),
    ],
)
def test_a_text_that_is_no_glob_is_refused_with_the_right_form(text: str, right: str) -> None:
    with pytest.raises(SetupError, match=right):
        glob(text)


def test_a_glob_is_fast_on_a_key_for_which_a_regular_expression_needs_years() -> None:
    began = time.process_time()
    assert not glob("**a" * 80 + "b").matches("a" * 1_000)
    assert time.process_time() - began < 20


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=2), st.lists(KEYS, max_size=20))
def test_a_glob_that_others_cover_matches_no_key_that_the_others_do_not_match(
    text: str, others: list[str], keys: list[str]
) -> None:
    rest = [glob(other) for other in others]
    if takes_all(glob(text), rest):
        assert [key for key in keys if glob(text).matches(key) and not any(o.matches(key) for o in rest)] == []


@pytest.mark.parametrize(
    ("text", "others", "whole"),
    [
        ("catalog/*.jpg", ["catalog/**"], True),
        ("catalog/**", ["catalog/*.jpg"], False),
        ("a/**/b", ["a/**"], True),
        ("**", ["**/*"], True),
        ("**", ["**/?*"], False),
        ("[a-c]/x", ["[a-d]/*"], True),
        ("[a-d]/x", ["[a-b]/*", "[c-d]/*"], True),
        ("[a-d]/x", ["[a-b]/*", "[d]/*"], False),
        ("*", ["?*", "[!x]"], False),
        ("?*", ["*a", "*[!a]"], True),
        ("x", ["x"], True),
    ],
)
def test_a_comparison_covers_all_keys_of_a_glob(text: str, others: list[str], whole: bool) -> None:
    assert takes_all(glob(text), [glob(other) for other in others]) is whole


def test_a_comparison_that_is_too_much_work_ends_without_an_answer() -> None:
    hard: list[Glob] = [glob("**" + character + "?" * 14) for character in "abcdef"]
    assert takes_all(glob("**a**b**c**"), hard) is False


@given(TEXTS, TEXTS, KEYS)
def test_two_globs_that_take_one_key_share_a_key(one: str, other: str, key: str) -> None:
    if glob(one).matches(key) and glob(other).matches(key):
        assert share_a_key([glob(one), glob(other)])
        assert share_a_key([glob(one), glob(other)], but=[glob("x")])
        assert not share_a_key([glob(one), glob(other)], but=[glob("**")])


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("a/**", "b/**", False), ("a/*", "a/*/*", False), ("*.jpg", "a*", True), ("**/x", "y/**", True)],
)
def test_globs_share_a_key_or_not(one: str, other: str, shared: bool) -> None:
    assert share_a_key([glob(one), glob(other)]) is shared
    assert share_a_key([glob(other), glob(one)]) is shared
