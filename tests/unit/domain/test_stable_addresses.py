"""Stable addresses: each address has one meaning, and each image has an address that is read back."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.stable_addresses import (
    STABLE_PATH,
    ById,
    ByPath,
    StableAddress,
    parse_stable_address,
    stable_address,
)
from tests.fakes.records import image_of

ID = "abcdefghijklmnopqrstuvwxyz234567"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (f"{ID}/card", StableAddress(ById(ID), "card")),
        (f"{ID}/card.avif", StableAddress(ById(ID), "card", "avif")),
        ("ana/b1/a.jpg/card", StableAddress(ByPath("ana", "b1", "a.jpg"), "card")),
        ("ana/b1/a/b c.jpg/card.jpg", StableAddress(ByPath("ana", "b1", "a/b c.jpg"), "card", "jpg")),
        # With more than two segments, the first segment is always an owner.
        (f"{ID}/b1/a.jpg/card", StableAddress(ByPath(ID, "b1", "a.jpg"), "card")),
        ("ana/b1//a.jpg/card", StableAddress(ByPath("ana", "b1", "/a.jpg"), "card")),
    ],
)
def test_the_number_of_segments_decides_how_an_address_is_read(rest: str, expected: StableAddress) -> None:
    assert parse_stable_address(rest) == expected


@pytest.mark.parametrize(
    "rest",
    [
        "", "card", ID, f"{ID}/", f"/{ID}/card", f"{ID}/card/", f"{ID}x/card", f"{ID.upper()}/card", "ana/b1/card",
        f"{ID}/Card", f"{ID}/card.a.b", f"{ID}/card.", f"{ID}/..", "ana/b1/a.jpg/", "/b1/a.jpg/card", "ana//a.jpg/card",
        f"{ID}/{'c' * 65}", f"{ID}\n/card", f"{ID}/card\n",
    ],
)  # fmt: skip
def test_any_other_text_is_no_address(rest: str) -> None:
    assert parse_stable_address(rest) is None


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), st.sampled_from([None, "avif"]))
def test_every_image_has_an_address_that_leads_back_to_the_image(path: str, extension: str | None) -> None:
    image = image_of("ana", "b1", 1)
    image = image.model_copy(update={"key": f"uploads/ana/b1/{path}"})
    address = stable_address(image, "card", extension)
    assert address.isascii()
    parsed = parse_stable_address(unquote(address.removeprefix(STABLE_PATH)))
    assert parsed is not None
    assert parsed.image in (ById(image.image_id), ByPath("ana", "b1", path))
    assert (parsed.variant, parsed.extension) == ("card", extension)


@pytest.mark.parametrize("path", ["a/../b.jpg", "./a.jpg", "a//b.jpg", "/a.jpg"])
def test_a_path_that_clients_would_shorten_is_addressed_by_id(path: str) -> None:
    image = image_of("ana", "b1", 1).model_copy(update={"key": f"uploads/ana/b1/{path}"})
    assert stable_address(image, "card") == f"/v/{image.image_id}/card"
    assert stable_address(image.model_copy(update={"batch": None}), "card") == f"/v/{image.image_id}/card"
