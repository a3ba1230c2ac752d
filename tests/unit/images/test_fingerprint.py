"""Placeholder, dominant colour and perceptual hash."""

import base64
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.thumbhash import thumbhash
from pixelfleet.samples.scene import scene

Save = Callable[..., Path]
Run = Callable[..., Rendition]


def differing_bits(left: str | None, right: str | None) -> int:
    assert left
    assert right
    return (int(left, 16) ^ int(right, 16)).bit_count()


def test_a_thumbhash_holds_the_average_colour_in_its_header() -> None:
    raw = base64.b64decode(thumbhash([(255, 255, 255, 255)] * 64, 8, (4, 3)))
    head = int.from_bytes(raw[:3], "little")
    assert head & 63 == 63
    assert abs((head >> 6 & 63) - 31.5) < 1
    assert head >> 23 == 0


def test_the_thumbhash_of_a_transparent_picture_has_the_alpha_flag() -> None:
    raw = base64.b64decode(thumbhash([(255, 0, 0, 0)] * 32 + [(0, 0, 255, 255)] * 32, 8, (8, 8)))
    assert raw[2] >> 7 == 1


def test_nearly_opaque_and_opaque_pictures_have_the_same_average_colour() -> None:
    colours = [(at * 7 % 256, at * 13 % 256, at * 29 % 256) for at in range(64)]
    opaque = base64.b64decode(thumbhash([(*colour, 255) for colour in colours], 8, (8, 8)))
    nearly = base64.b64decode(thumbhash([*((*colour, 255) for colour in colours[:-1]), (*colours[-1], 254)], 8, (8, 8)))
    for shift in (0, 6, 12):
        one, other = (int.from_bytes(raw[:3], "little") >> shift & 63 for raw in (opaque, nearly))
        assert abs(one - other) <= 1


def test_a_thumbhash_is_short() -> None:
    assert len(base64.b64decode(thumbhash([(x % 256, 80, 9, 255) for x in range(1024)], 32, (32, 20)))) <= 25


def test_the_colour_of_the_largest_area_is_dominant(save: Save, rendered: Run) -> None:
    picture = Image.new("RGB", (90, 90), (20, 120, 200))
    picture.paste((250, 250, 0), (0, 0, 40, 40))
    assert rendered(save(picture, "PNG"), {}).dominant_colour == "#1478c8"


def test_scaling_and_compression_hardly_change_the_perceptual_hash(save: Save, rendered: Run) -> None:
    picture = scene((300, 200), "sea", "one")
    original = rendered(save(picture, "PNG"), {}).perceptual_hash
    small = rendered(save(picture.resize((150, 100)), "JPEG", quality=40), {}).perceptual_hash
    other = rendered(save(scene((300, 200), "dusk", "two"), "PNG"), {}).perceptual_hash
    assert differing_bits(original, small) <= 6
    assert differing_bits(original, other) >= 14


def test_pictures_of_one_colour_have_no_look_to_compare(save: Save, rendered: Run) -> None:
    """Else a red picture looked like a white one, by the signs of rounding errors."""
    noise = Image.effect_noise((400, 300), 3).convert("RGB")
    for flat in (*(Image.new("RGB", (40, 30), colour) for colour in ("red", "white", "black", "#808080")), noise):
        assert rendered(save(flat, "JPEG"), {}).perceptual_hash is None
    marked = Image.new("RGB", (400, 300), "white")
    marked.paste("black", (300, 200, 330, 220))
    assert rendered(save(marked, "PNG"), {}).perceptual_hash is not None
