"""The animated samples."""

import io
from typing import Any

from PIL import Image, ImageDraw

from pixelfleet.samples.scene import scene

FRAMES = 8


def gif() -> bytes:
    return _encoded("GIF", duration=120, loop=0)


def webp() -> bytes:
    return _encoded("WEBP", duration=120, loop=0, quality=75, method=2)


def _encoded(format_name: str, **options: Any) -> bytes:
    ground = scene((400, 300), "dawn", "it moves")
    first, *rest = [_frame(ground, number) for number in range(FRAMES)]
    file = io.BytesIO()
    first.save(file, format_name, save_all=True, append_images=rest, **options)
    return file.getvalue()


def _frame(ground: Image.Image, number: int) -> Image.Image:
    frame = ground.copy()
    left = 20 + number * 40
    ImageDraw.Draw(frame).ellipse((left, 60, left + 60, 120), fill=(255, 240, 180), outline=(180, 90, 40), width=3)
    return frame
