"""The score of a variant: structural similarity of its luma to that of the original at the variant's size."""

import math
import random
from pathlib import Path

from PIL import Image as Picture
from PIL import ImageFilter

from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.images.score import score, ssim
from pixelfleet.images.vips import pyvips, ready

LIMITS = Limits(10**8, 10**8, 10)
SIDE = 24


def ssim_of_window(left: list[list[float]], right: list[list[float]], radius: int = 5) -> float:
    """By the formula of Wang et al. 2004, at the middle of two windows: weights of a Gaussian of sigma 1.5."""
    weights = {
        (x, y): math.exp(-(x * x + y * y) / (2 * 1.5**2))
        for x in range(-radius, radius + 1)
        for y in range(-radius, radius + 1)
    }
    total, middle = sum(weights.values()), SIDE // 2

    def mean(values: list[list[float]], others: list[list[float]] | None = None) -> float:
        return (
            sum(
                w * values[middle + y][middle + x] * (others[middle + y][middle + x] if others else 1)
                for (x, y), w in weights.items()
            )
            / total
        )

    ml, mr = mean(left), mean(right)
    vl, vr, both = mean(left, left) - ml * ml, mean(right, right) - mr * mr, mean(left, right) - ml * mr
    c1, c2 = 6.5025, 58.5225
    return ((2 * ml * mr + c1) * (2 * both + c2)) / ((ml * ml + mr * mr + c1) * (vl + vr + c2))


def test_the_likeness_of_two_pictures_is_that_of_the_published_formula() -> None:
    """A texture that repeats every three pixels has the same window everywhere but at the edges."""
    ready()
    noise = random.Random(7)
    cell = [[float(noise.randrange(256)) for _ in range(3)] for _ in range(3)]
    left = [[cell[y % 3][x % 3] for x in range(SIDE)] for y in range(SIDE)]
    right = [[min(255.0, value * 0.8 + 30) for value in row] for row in left]
    vips = [pyvips.Image.new_from_array(rows).cast("float") for rows in (left, right)]
    means = [
        sum(
            ssim_of_window([row[x:] + row[:x] for row in left[y:] + left[:y]],
                           [row[x:] + row[:x] for row in right[y:] + right[:y]])
            for x in range(3) for y in range(3)
        ) / 9
    ]  # fmt: skip
    large = [image.replicate(8, 8) for image in vips]
    assert abs(ssim(*large) - means[0]) < 0.01
    assert ssim(vips[0], vips[0]) == 1.0


def test_a_worse_copy_has_a_lower_score_and_a_turned_original_is_compared_upright(tmp_path: Path) -> None:
    noise = random.Random(3)
    picture = Picture.frombytes("RGB", (160, 120), noise.randbytes(160 * 120 * 3)).filter(ImageFilter.GaussianBlur(2))
    source = tmp_path / "original.jpg"
    exif = Picture.Exif()
    exif[0x0112] = 6
    picture.save(source, quality=98, exif=exif)
    upright = picture.transpose(Picture.Transpose.ROTATE_270)
    scores = []
    for quality in (95, 40, 5):
        variant = tmp_path / f"{quality}.jpg"
        upright.save(variant, quality=quality)
        scores.append(score(source, probe(source, LIMITS), variant, LIMITS))
    assert 0.97 < scores[0] <= 1
    assert scores == sorted(scores, reverse=True)
    assert scores[2] < scores[0] - 0.05
    half = tmp_path / "half.webp"
    upright.resize((60, 80), Picture.Resampling.LANCZOS).save(half, lossless=True)
    assert score(source, probe(source, LIMITS), half, LIMITS) > 0.95
