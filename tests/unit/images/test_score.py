"""The score of a variant: structural similarity to the original at the variant's size; the formula: test_ssim.py."""

import random
from pathlib import Path

from PIL import Image as Picture
from PIL import ImageFilter

from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.images.score import score

LIMITS = Limits(10**8, 10**8, 10)


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
