"""ThumbHash: an image in about 25 bytes, which browsers draw while the image itself loads.

The format is Evan Wallace's (https://evanw.github.io/thumbhash/): a header with the average colour, then the lowest
terms of a cosine transform of luminance, two colour differences and alpha, four bits each.
"""

import base64
from dataclasses import dataclass

from pixelfleet.images.dct import transform

Pixel = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Channel:
    """`steady` is the average of the channel. `terms` are divided by `scale` and range from 0 to 1 around 0.5."""

    steady: float
    terms: tuple[float, ...]
    scale: float


def thumbhash(pixels: list[Pixel], side: int, shape: tuple[int, int]) -> str:
    """Base64 of the hash.

    Args:
        pixels: the image scaled to a square of `side` x `side` (at most 100), row by row.
        shape: width and height of the image itself; the hash keeps their proportion.
    """
    width, height = shape
    opaque = all(pixel[3] == 255 for pixel in pixels)
    channels = _channels(pixels)
    longest = 7 if opaque else 5
    columns = max(1, round(longest * width / max(width, height)))
    rows = max(1, round(longest * height / max(width, height)))
    light = _encode(channels[0], side, max(3, columns), max(3, rows))
    yellow = _encode(channels[1], side, 3, 3)
    red = _encode(channels[2], side, 3, 3)
    nibbles = [*light.terms, *yellow.terms, *red.terms]
    landscape = width > height
    head = round(63 * light.steady) | round(31.5 + 31.5 * yellow.steady) << 6 | round(31.5 + 31.5 * red.steady) << 12
    head |= round(31 * light.scale) << 18 | (not opaque) << 23
    tail = (rows if landscape else columns) | round(63 * yellow.scale) << 3 | round(63 * red.scale) << 9
    tail |= landscape << 15
    body = head.to_bytes(3, "little") + tail.to_bytes(2, "little")
    if not opaque:
        alpha = _encode(channels[3], side, 5, 5)
        body += bytes([round(15 * alpha.steady) | round(15 * alpha.scale) << 4])
        nibbles += alpha.terms
    return base64.b64encode(body + _packed(nibbles)).decode()


def _channels(pixels: list[Pixel]) -> tuple[list[float], list[float], list[float], list[float]]:
    """Luminance, yellow minus blue, red minus green, alpha. Transparent parts show the average colour."""
    if all(pixel[3] == 255 for pixel in pixels):
        return (
            [(red + green + blue) / 765 for red, green, blue, _ in pixels],
            [((red + green) / 2 - blue) / 255 for red, green, blue, _ in pixels],
            [(red - green) / 255 for red, green, blue, _ in pixels],
            [1.0] * len(pixels),
        )
    total = sum(pixel[3] for pixel in pixels)
    mean = [sum(pixel[band] * pixel[3] for pixel in pixels) / (255 * total) if total else 0.0 for band in range(3)]
    light, yellow, red_green, opacity = [], [], [], []
    for pixel in pixels:
        alpha = pixel[3] / 255
        red, green, blue = (mean[band] * (1 - alpha) + alpha * pixel[band] / 255 for band in range(3))
        light.append((red + green + blue) / 3)
        yellow.append((red + green) / 2 - blue)
        red_green.append(red - green)
        opacity.append(alpha)
    return light, yellow, red_green, opacity


def _encode(values: list[float], side: int, columns: int, rows: int) -> _Channel:
    """The terms in the triangle below the diagonal from (columns, 0) to (0, rows), row by row."""
    grid = transform(values, side, side, columns, rows)
    terms = [
        grid[row][column]
        for row in range(rows)
        for column in range(columns)
        if (row or column) and column * rows < columns * (rows - row)
    ]
    scale = max(map(abs, terms), default=0.0)
    return _Channel(grid[0][0], tuple(0.5 + 0.5 / scale * term if scale else 0.5 for term in terms), scale)


def _packed(nibbles: list[float]) -> bytes:
    fours = [round(15 * nibble) for nibble in nibbles]
    fours += [0] * (len(fours) % 2)
    return bytes(low | high << 4 for low, high in zip(fours[0::2], fours[1::2], strict=True))
