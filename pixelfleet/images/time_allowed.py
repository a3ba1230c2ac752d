"""The time limit of one file, by its size. A lane's limit applies too; the limit of `heavy` is for its largest images.

Without this limit, an SVG of 200 bytes or an endless list could occupy a worker of `heavy` for eleven hours.
The figures are far above normal times: AVIF variants take half a second a megapixel at effort 3, and JPEG a hundredth
of that.
"""

from typing import Final

#: Seconds for any file.
BASE: Final = 900.0
#: Seconds for each million pixels, of all frames of an animation, and for each million bytes.
A_MEGAPIXEL: Final = 120.0
A_MEGABYTE: Final = 1.0


def seconds_allowed(size: int, pixels: int = 0) -> float:
    """Seconds for a file of `size` bytes. `pixels` is 0 until the header is read."""
    return BASE + A_MEGABYTE * size / 1_000_000 + A_MEGAPIXEL * pixels / 1_000_000
