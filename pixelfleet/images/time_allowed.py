"""How long one file may take, by its size. A lane's limit holds as well; that of `heavy` is for its largest images.

An SVG of 200 bytes, or a list without an end, could otherwise hold a worker of `heavy` for eleven hours. The figures
are far above honest work: AVIF variants take half a second a megapixel at effort 3, and JPEG a hundredth of that.
"""

from typing import Final

#: Seconds for whatever file.
BASE: Final = 900.0
#: Seconds for each million of pixels, of all frames of an animation, and for each million of bytes.
A_MEGAPIXEL: Final = 120.0
A_MEGABYTE: Final = 1.0


def seconds_allowed(size: int, pixels: int = 0) -> float:
    """Seconds for a file of `size` bytes; `pixels` as soon as its header is read, 0 before."""
    return BASE + A_MEGABYTE * size / 1_000_000 + A_MEGAPIXEL * pixels / 1_000_000
