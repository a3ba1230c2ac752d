"""The choice of a format by `Accept`; infra/modules/cdn/fold_accept.js passes the same cases (fold-accept.test.mjs)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.accepted_formats import MOST_CHARACTERS, chosen_format, modern_formats

CASES = json.loads(Path(__file__).with_name("accept_cases.json").read_text(encoding="utf-8"))
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


def folded(accept: str) -> str:
    """The header that CloudFront's function would forward."""
    return ",".join(f"image/{name}" for name in modern_formats(accept)) or "image/jpeg"


@pytest.mark.parametrize(("accept", "expected"), CASES)
def test_jpeg_xl_avif_and_webp_go_to_clients_that_name_them(accept: str, expected: str) -> None:
    assert folded(accept) == expected


@pytest.mark.parametrize(("accept", "_expected"), CASES)
def test_folding_a_folded_header_changes_nothing(accept: str, _expected: str) -> None:
    assert folded(folded(accept)) == folded(accept)


@pytest.mark.parametrize(
    ("formats", "accept", "expected"),
    [
        (("avif", "webp", "jpeg"), CHROME, "avif"),
        (("avif", "webp", "jpeg"), "image/webp,*/*", "webp"),
        (("avif", "webp", "jpeg"), "", "jpeg"),
        (("avif", "jpeg"), "image/webp,*/*", "jpeg"),
        (("webp", "jpeg"), CHROME, "webp"),
        (("webp", "png"), "*/*", "png"),
        (("avif", "webp"), "", "webp"),
        (("webp",), "image/jpeg", "webp"),
        (("svg",), CHROME, "svg"),
        (("jpeg", "jxl", "avif"), "image/jxl,image/avif,*/*", "jxl"),
        (("avif", "jpeg"), "image/jxl,image/avif,*/*", "avif"),
        (("jxl", "jpeg"), CHROME, "jpeg"),
        (("jxl", "webp"), "*/*", "webp"),
    ],
)
def test_a_client_gets_the_best_available_format_and_every_client_gets_a_format(
    formats: tuple[str, ...], accept: str, expected: str
) -> None:
    assert chosen_format(formats, accept) == expected


def test_a_client_that_accepts_avif_and_webp_gets_the_animated_file() -> None:
    formats = ("avif", "webp", "jpeg")
    assert chosen_format(formats, CHROME, moves=True) == "webp"
    assert chosen_format(formats, "image/avif", moves=True) == "avif"
    assert chosen_format(formats, "", moves=True) == "jpeg"
    assert chosen_format(("jxl", "webp", "jpeg"), "image/jxl,image/webp,*/*", moves=True) == "webp"


def test_a_header_over_the_limit_counts_as_no_header() -> None:
    longest = "image/avif," + "a" * (MOST_CHARACTERS - 11)
    assert modern_formats(longest) == ("avif",)
    assert modern_formats(longest + "a") == ()


@given(st.text(max_size=200), st.sampled_from(["avif", "webp"]))
def test_no_client_gets_a_format_that_its_header_does_not_name(accept: str, name: str) -> None:
    assert name not in modern_formats(accept) or f"image/{name}" in accept.lower()
