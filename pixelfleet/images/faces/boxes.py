"""Boxes of faces: pure numbers. A box is in shares of the page's width and height, so that it fits any size."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pixelfleet.images.geometry import Size

#: A box repeats a larger box if more than this share of it lies within the larger one: the margin covers the rest.
_WITHIN: Final = 0.75
#: A larger box takes the place of a smaller one if it is as sure, or at least so sure. Else both stay: a box that is no
#: face must not take a face away.
SURE: Final = 0.7
#: A redacted part is larger than its face by this share of the face's sides, in each direction: hair, ears, chin, and
#: what the network's box may be off.
_MARGIN: Final = 0.25


class Box(NamedTuple):
    """Left, top, right and bottom, each 0 to 1; `score`: how sure the network is, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float
    score: float = 1.0

    @property
    def area(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def grown(self) -> "Box":
        """The box with the margin of a redacted part, within the page."""
        across, down = (self.right - self.left) * _MARGIN, (self.bottom - self.top) * _MARGIN
        return Box(
            max(0.0, self.left - across),
            max(0.0, self.top - down),
            min(1.0, self.right + across),
            min(1.0, self.bottom + down),
            self.score,
        )

    def joined(self, other: "Box") -> "Box":
        """The smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            max(self.score, other.score),
        )

    def pixels(self, size: Size) -> tuple[int, int, int, int]:
        """Left, top, width and height in whole pixels of an image of this size, never smaller than the box."""
        width, height = size
        left, top = min(width - 1, int(self.left * width)), min(height - 1, int(self.top * height))
        right, bottom = _up(self.right * width), _up(self.bottom * height)
        return left, top, max(1, min(width, right) - left), max(1, min(height, bottom) - top)


def without_repeats(boxes: Iterable[Box]) -> list[Box]:
    """The boxes of several searches without those that repeat a larger box, the largest first."""
    import numpy as np  # noqa: PLC0415 - comes with the extra

    by_area = sorted(boxes, key=lambda one: (-one.area, one))
    numbers = np.array(by_area, dtype=np.float64).reshape(-1, 5)
    sides, scores = numbers[:, :4], numbers[:, 4]
    areas = np.prod(sides[:, 2:] - sides[:, :2], axis=1)
    kept: list[int] = []
    # A crowd has thousands of boxes: each is compared with all kept ones at once.
    for number in range(len(by_area)):
        low = np.maximum(sides[kept, :2], sides[number, :2])
        high = np.minimum(sides[kept, 2:], sides[number, 2:])
        within = np.prod(np.clip(high - low, 0, None), axis=1) > _WITHIN * areas[number]
        if not (within & ((scores[kept] >= scores[number]) | (scores[kept] >= SURE))).any():
            kept.append(number)
    return [by_area[number] for number in kept]


def focus(boxes: Sequence[Box], view: tuple[float, float]) -> tuple[float, float]:
    """The point to put into the middle of a view whose width and height are shares of the page.

    The view holds the largest face, and others from large to small as long as all of them fit.
    """
    around = boxes[0]
    for box in boxes[1:]:
        both = around.joined(box)
        if both.right - both.left <= view[0] and both.bottom - both.top <= view[1]:
            around = both
    return around.centre


def _up(value: float) -> int:
    return -int(-value // 1)
