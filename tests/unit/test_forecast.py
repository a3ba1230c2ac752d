"""A forecast is sums and products that can be checked by hand."""

import pytest

from pixelfleet import recipes
from pixelfleet.errors import Cause
from pixelfleet.forecast import DECODE_MS, EVERY_IMAGE_MS, TILE_MS, Forecast
from pixelfleet.images.probe import Probe


def header(width: int = 4000, height: int = 3000, frames: int = 1, *, animated: bool = False) -> Probe:
    return Probe("jpeg", width, height, frames, animated, 1, "srgb", has_alpha=False, bytes=3_000_000)


def forecast(count: int, recipe: str = "web") -> Forecast:
    actual = Forecast(recipes.builtin(recipe))
    for _ in range(count):
        actual.add(header())
    return actual


def test_time_is_shared_by_the_workers() -> None:
    assert forecast(100).seconds(10) == pytest.approx(forecast(100).seconds(1) / 10)


def test_a_twelve_megapixel_photograph_costs_about_the_measured_time() -> None:
    # The measured time is 126 ms in the engine; the rest is the time that every image takes outside the engine.
    assert 110 < forecast(1).core_ms - EVERY_IMAGE_MS < 160


def test_every_variant_is_one_put() -> None:
    cost = forecast(1_000).cost()
    assert cost["S3 PUT, originals"] == pytest.approx(0.005)
    assert cost["S3 PUT, results"] == pytest.approx(3 * 0.005)
    assert cost["SNS"] == pytest.approx(0.0005)


def test_every_format_of_a_variant_is_encoded_and_put() -> None:
    text = 'name = "a"\n[[variants]]\nname = "card"\nbox = 1000\nformat = {}\n'
    sums = []
    for formats in ('"webp"', '"jpeg"', '["webp", "jpeg"]'):
        actual = Forecast(recipes.parse(text.format(formats), "x"))
        actual.add(header())
        sums.append(actual)
    webp, jpeg, both = sums
    assert both.outputs == 2
    assert both.written == pytest.approx(webp.written + jpeg.written)
    # The source is decoded once.
    bare = EVERY_IMAGE_MS + DECODE_MS * 12
    assert both.core_ms - bare == pytest.approx(webp.core_ms - bare + jpeg.core_ms - bare)


def test_a_lazy_variant_costs_nothing_at_the_upload() -> None:
    text = 'name = "a"\n[[variants]]\nname = "card"\nbox = 1000\n'
    sums = []
    for more in ("", '[[variants]]\nname = "large"\nformat = ["avif", "jpeg"]\nlazy = true\n'):
        actual = Forecast(recipes.parse(text + more, "x"))
        actual.add(header())
        sums.append(actual)
    without, with_lazy = sums
    assert (with_lazy.outputs, with_lazy.written, with_lazy.core_ms) == (
        without.outputs,
        without.written,
        without.core_ms,
    )
    assert with_lazy.cost() == without.cost()


def test_tiles_are_puts_as_well() -> None:
    # 4000 x 3000 in tiles of 254 are about 190 tiles, and a third more in the smaller levels.
    assert 200 < forecast(1, "zoom").outputs < 300
    # Each tile takes time to store as well.
    assert forecast(1, "zoom").core_ms > 200 * TILE_MS + EVERY_IMAGE_MS


def test_an_animation_counts_every_frame_and_a_document_counts_one_page() -> None:
    actual = Forecast(recipes.builtin("web"))
    actual.add(header(1000, 1000, 10, animated=True))
    assert actual.megapixels == 10
    actual.add(header(1000, 1000, 10))
    assert actual.megapixels == 11


def test_rejects_are_counted_by_cause_with_one_example() -> None:
    actual = forecast(1)
    actual.reject("a.txt", Cause.NOT_AN_IMAGE, "no image")
    actual.reject("b.txt", Cause.NOT_AN_IMAGE, "no image")
    assert (actual.rejects, actual.examples) == ({"not_an_image": 2}, {"not_an_image": "a.txt: no image"})


def test_prices_have_a_date() -> None:
    assert str(forecast(0).prices["dated"]) == "2026-11-20"
