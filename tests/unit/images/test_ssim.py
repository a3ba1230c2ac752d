"""SSIM has the values of an independent implementation, and the program that computes it cannot harm its caller."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelfleet.images.comparison import similarities
from pixelfleet.images.limits import Limits
from pixelfleet.images.ssim import similarity
from pixelfleet.images.supervisor import RenderSupervisor
from pixelfleet.recipes import parse
from pixelfleet.recipes.lossless import lossless_twin

MEMORY, SECONDS = 1_000_000_000, 60.0


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Waves and noise of 160 x 120 pixels."""
    y, x = np.mgrid[0:120, 0:160]
    noise = np.random.default_rng(7).normal(0, 12, (120, 160))
    grey = np.clip(128 + 60 * np.sin(x / 9) + 40 * np.cos(y / 7) + noise, 0, 255).astype("uint8")
    path = tmp_path / "picture.png"
    Image.fromarray(np.dstack([grey, np.roll(grey, 3, 1), 255 - grey])).save(path)
    return path


def by_definition(one: Path, other: Path) -> float:
    """Equation 13 of Wang et al. 2004 by numpy, with a Gaussian window of 13 x 13; the edge is left out."""

    def luma(path: Path) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        rgb = np.asarray(Image.open(path).convert("RGB"), dtype=float)
        return rgb @ [0.299, 0.587, 0.114]

    offsets = np.arange(-6, 7)
    weights = np.exp(-(offsets**2) / (2 * 1.5**2))
    weights /= weights.sum()

    def blurred(
        values: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
    ) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        rows = np.apply_along_axis(lambda line: np.convolve(line, weights, "valid"), 1, values)
        return np.apply_along_axis(lambda line: np.convolve(line, weights, "valid"), 0, rows)

    a, b = luma(one), luma(other)
    ma, mb = blurred(a), blurred(b)
    va, vb, ab = blurred(a * a) - ma**2, blurred(b * b) - mb**2, blurred(a * b) - ma * mb
    c1, c2 = 2.55**2, 7.65**2
    return float(np.mean((2 * ma * mb + c1) * (2 * ab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))))


@pytest.mark.parametrize("quality", [10, 50, 90])
def test_similarity_agrees_with_the_definition(picture: Path, tmp_path: Path, quality: int) -> None:
    other = tmp_path / "other.jpg"
    Image.open(picture).save(other, quality=quality)
    assert similarity(picture, other) == pytest.approx(by_definition(picture, other), abs=0.01)
    assert similarity(picture, picture) == pytest.approx(1)


def test_pictures_of_other_sizes_are_not_compared(picture: Path, tmp_path: Path) -> None:
    with Image.open(picture) as opened:
        opened.resize((150, 112)).save(tmp_path / "small.png")
        opened.crop((0, 0, 159, 120)).save(tmp_path / "rounded.png")
    assert similarity(picture, tmp_path / "small.png") is None
    assert similarity(picture, tmp_path / "rounded.png") == pytest.approx(1)


def test_the_program_compares_what_it_can_and_answers_none_for_the_rest(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    pairs = [(picture, picture), (picture, tmp_path / "broken.jpg"), (picture, tmp_path / "missing.png")]
    scores = similarities(pairs, MEMORY, SECONDS)
    assert scores == [pytest.approx(1), None, None]
    assert similarities(pairs, MEMORY, 0.001) == [None, None, None]
    assert similarities([], MEMORY, SECONDS) == []


def test_a_variant_is_compared_with_its_lossless_twin(picture: Path, tmp_path: Path) -> None:
    text = 'name = "shop"\n[[variants]]\nname = "card"\nbox = [80, 80]\nfit = "cover"\nsharpen = 3\nquality = 30\n'
    recipe = parse(f'{text}format = "jpeg"\n[[variants]]\nname = "original"\ncopy = true\n', "shop.toml")
    twin = lossless_twin(recipe)
    assert twin is not None
    limits = Limits(10**9, 10**9, 10)
    made = []
    with RenderSupervisor(MEMORY, SECONDS) as supervisor:
        for name, each in (("a", recipe), ("b", twin)):
            (tmp_path / name).mkdir()
            outcome = supervisor.render(picture, each, limits, tmp_path / name)
            assert outcome.rendition is not None
            assert outcome.cpu_ms >= 0
            made.append(outcome.rendition.variants)
    [[card, _], [reference]] = made
    assert (reference.format, reference.width, reference.height) == ("png", 80, 80)
    [score] = similarities([(reference.path, card.path)], MEMORY, SECONDS)
    assert score is not None
    assert 0.3 < score < 0.99
