"""Drawn pictures that compress and resize like photographs: a gradient, soft noise at several scales, text."""

import random
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

Size = tuple[int, int]
Rgb = tuple[int, int, int]

#: Sky and ground of each mood.
_MOODS: Final[dict[str, tuple[Rgb, Rgb]]] = {
    "dawn": ((246, 188, 142), (64, 74, 110)),
    "noon": ((120, 178, 232), (92, 132, 74)),
    "dusk": ((86, 60, 120), (214, 104, 70)),
    "sea": ((196, 222, 236), (16, 84, 112)),
    "forest": ((168, 196, 150), (28, 58, 40)),
    "studio": ((232, 230, 226), (176, 172, 166)),
}


def scene(size: Size, mood: str, label: str) -> Image.Image:
    """An RGB picture of `size` (width, height) in pixels; equal arguments give equal pixels."""
    sky, ground = _MOODS[mood]
    dice = random.Random(f"{mood} {label} {size}")  # noqa: S311 - reproducible, not secret
    picture = _gradient(size, sky, ground)
    for cells, strength in ((4, 90), (16, 50), (64, 28)):
        picture = ImageChops.overlay(picture, _noise(size, cells, strength, dice))
    _hills(picture, ground, dice)
    picture = ImageChops.overlay(picture, _noise(size, size[0] // 3, 22, dice))
    write(picture, label)
    return picture


def write(picture: Image.Image, label: str) -> None:
    """Write `label` into the lower left, legible on any ground. It shows whether a picture is turned or mirrored."""
    pen = ImageDraw.Draw(picture)
    height = max(12, picture.height // 14)
    pen.text(
        (height // 2, picture.height - 2 * height),
        label,
        font=ImageFont.load_default(height),
        fill="white",
        stroke_width=max(1, height // 12),
        stroke_fill="black",
    )


def _gradient(size: Size, top: Rgb, bottom: Rgb) -> Image.Image:
    column = Image.new("RGB", (1, 2))
    column.putdata([top, bottom])
    return column.resize(size, Image.Resampling.BICUBIC, box=(0, 0.5, 1, 1.5))


def _noise(size: Size, cells: int, strength: int, dice: random.Random) -> Image.Image:
    """Grey noise around 128, with `cells` grains across and soft edges between the grains."""
    across = max(2, cells)
    down = max(2, cells * size[1] // size[0])
    grains = Image.frombytes("L", (across, down), dice.randbytes(across * down))
    calm = grains.point([128 + (value - 128) * strength // 128 for value in range(256)])
    return calm.resize(size, Image.Resampling.BICUBIC).convert("RGB")


def _hills(picture: Image.Image, ground: Rgb, dice: random.Random) -> None:
    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    for layer in range(3):
        shade = tuple(value * (9 - 2 * layer) // 10 for value in ground)
        ridge = [(0, height)]
        for step in range(9):
            rise = height * (50 + 14 * layer - dice.randrange(14)) // 100
            ridge.append((width * step // 8, rise))
        pen.polygon([*ridge, (width, height)], fill=(shade[0], shade[1], shade[2]))
