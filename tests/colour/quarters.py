"""The picture: red and green above, blue and sand below; 64 x 48."""

import io
from typing import Any, Final

from PIL import Image

Rgba = tuple[int, int, int, int]

SIZE: Final = (64, 48)
QUARTERS: Final = ((200, 40, 40), (40, 180, 60), (40, 60, 200), (230, 220, 120))
GREYS: Final = (60, 120, 180, 240)


def rows(values: tuple[tuple[float, ...], ...]) -> list[list[tuple[float, ...]]]:
    """The samples of each pixel, row by row: the four values fill the quarters."""
    width, height = SIZE
    upper = [values[0]] * (width // 2) + [values[1]] * (width // 2)
    lower = [values[2]] * (width // 2) + [values[3]] * (width // 2)
    return [upper] * (height // 2) + [lower] * (height // 2)


def picture(values: tuple[tuple[int, ...], ...] = QUARTERS, mode: str = "RGB") -> Image.Image:
    """The quarters as a Pillow picture."""
    made = Image.new(mode, SIZE)
    middle = SIZE[0] // 2, SIZE[1] // 2
    for number, value in enumerate(values):
        left, top = middle[0] * (number % 2), middle[1] * (number // 2)
        made.paste(value if len(value) > 1 else value[0], (left, top, left + middle[0], top + middle[1]))
    return made


def middles(shown: Image.Image) -> list[Rgba]:
    """The pixels in the middles of the quarters."""
    whole = shown.convert("RGBA")
    points = [(x * whole.width // 4, y * whole.height // 4) for y in (1, 3) for x in (1, 3)]
    return [_rgba(whole.getpixel(point)) for point in points]


def _rgba(pixel: object) -> Rgba:
    assert isinstance(pixel, tuple)
    red, green, blue, alpha = (int(value) for value in pixel)
    return red, green, blue, alpha


def differences(seen: list[Rgba], expected: list[Rgba], tolerance: int) -> list[str]:
    """The quarters that differ by more than the tolerance; the colour of an invisible pixel does not count."""
    wrong = []
    for one, other in zip(seen, expected, strict=True):
        invisible = one[3] == other[3] == 0
        if not invisible and any(abs(here - there) > tolerance for here, there in zip(one, other, strict=True)):
            wrong.append(f"{one} is not {other}")
    return wrong


def saved(made: Image.Image, code: str, **options: Any) -> bytes:
    file = io.BytesIO()
    made.save(file, code, **options)
    return file.getvalue()
