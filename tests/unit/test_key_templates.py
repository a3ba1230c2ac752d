"""Alias templates are read strictly, and no path of an image makes a key that S3 or a browser would misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.errors import SetupError
from pixelfleet.key_templates import FIELDS, MAX_KEY_BYTES, NoAliasError, alias_template

USUAL = "{path}/{stem}_{variant}.{ext}"
VALUES = {
    "owner": "ana",
    "batch": "summer",
    "path": "shoes/red",
    "stem": "left",
    "variant": "card",
    "ext": "jpg",
    "image_id": "a" * 32,
}


def test_a_template_is_filled_with_the_fields_of_an_image() -> None:
    assert alias_template(USUAL).fill(VALUES) == "shoes/red/left_card.jpg"
    every = "/".join(f"{{{name}}}" for name in FIELDS)
    assert alias_template(every).fill(VALUES) == f"ana/summer/shoes/red/left/card/jpg/{'a' * 32}"


def test_a_segment_whose_fields_are_empty_is_left_out() -> None:
    assert alias_template(USUAL).fill(VALUES | {"path": ""}) == "left_card.jpg"
    assert alias_template("b-{batch}/{variant}.{ext}").fill(VALUES | {"batch": ""}) == "b-/card.jpg"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "1 to 256 characters"),
        ("x" * 257, "1 to 256 characters"),
        ("{variant}.{ext}{", "belongs to no field"),
        ("{{variant}}.{ext}", "belongs to no field"),
        ("{variant!r}.{ext}", "no field {variant!r}"),
        ("{variant.__class__}.{ext}", "no field"),
        ("{}.{variant}.{ext}", "no field {}"),
        ("{stem}.{ext}", "{variant} is missing"),
        ("{stem}_{variant}", "{ext} is missing"),
        ("/{variant}.{ext}", "empty part"),
        ("a//{variant}.{ext}", "empty part"),
        ("{variant}.{ext}/", "empty part"),
        ("../{variant}.{ext}", "part . or .."),
        ("./{variant}.{ext}", "part . or .."),
        ("a\n{variant}.{ext}", "control character"),
        ("a\x85{variant}.{ext}", "control character"),
        ("\ud800{variant}.{ext}", "no UTF-8"),
    ],
)
def test_a_text_that_is_no_template_is_refused_with_the_reason(template: str, reason: str) -> None:
    with pytest.raises(SetupError, match=r"alias template|characters") as refusal:
        alias_template(template)
    assert reason in str(refusal.value)


@pytest.mark.parametrize("path", ["..", "a/../b", "a//b", "/a", "a/", ".", "a\x00b", "x" * 1_020, "\ud800"])
def test_a_path_that_makes_no_good_key_makes_none(path: str) -> None:
    with pytest.raises(NoAliasError):
        alias_template(USUAL).fill(VALUES | {"path": path})


@given(path=st.text(max_size=80), stem=st.text(min_size=1, max_size=40))
def test_every_key_that_is_made_has_whole_segments_and_the_length_of_an_s3_key(path: str, stem: str) -> None:
    try:
        key = alias_template(USUAL).fill(VALUES | {"path": path, "stem": stem})
    except NoAliasError:
        return
    assert not {"", ".", ".."} & set(key.split("/"))
    assert len(key.encode()) <= MAX_KEY_BYTES
    assert "\x00" not in key
    assert "\n" not in key
