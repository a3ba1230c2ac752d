"""Sizes as people write them."""

import pytest

from pixelfleet.cli.sizes import bandwidth
from pixelfleet.errors import SetupError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500k", 500_000), ("10M", 10_000_000), ("1.5G", 1_500_000_000), ("10 MB/s", 10_000_000), ("64", 64)],
)
def test_a_bandwidth_is_bytes_a_second(text: str, expected: float) -> None:
    assert bandwidth(text) == expected


@pytest.mark.parametrize("text", ["", "0", "fast", "-1M", "10T"])
def test_an_invalid_bandwidth_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(SetupError, match="write bytes a second"):
        bandwidth(text)
