"""The cost of an image: each item at its price in prices.toml, computed by hand."""

import pytest

from pixelfleet.operations.image_cost import image_cost
from tests.fakes.records import image_of


def test_the_cost_of_an_image_is_its_requests_its_seconds_and_its_storage() -> None:
    image = image_of("ana", "b", 1).model_copy(update={"bytes": 1_000_000, "timings_ms": {"fetch": 100, "pixels": 900}})
    actual = image_cost(image)
    assert actual is not None
    # Four PUTs, one GET, 2.4 SQS requests, a tenth of an invocation of 0.025 GB-s, 17 write and 4 read units, a notice.
    requests = 4 * 5e-6 + 4e-7 + 2.4 * 4e-7 + (2e-7 + 0.025 * 1.66667e-5) / 10 + 17 * 6.25e-7 + 4 * 1.25e-7 + 5e-7
    second = (0.04048 + 2 * 0.004445) * 0.35 / 3600
    assert actual.once == pytest.approx(requests + second, rel=1e-6)
    assert actual.month == pytest.approx((1_000_000 + 3 * 500) / 1e9 * 0.023)


def test_an_image_without_results_has_no_cost() -> None:
    assert image_cost(image_of("ana", "b", 20)) is None
