"""Small charts as SVG paths, drawn here so that a page needs neither script nor style of its own."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line, the area below it, and the value at the chart's upper edge."""

    path: str
    area: str
    top: float


def line(values: Sequence[float], size: tuple[int, int]) -> Line:
    """A line through equally distant points, from 0 at the lower edge to a round number at the upper."""
    width, height = size
    top = round_up(max(values, default=0.0))
    if len(values) < 2:
        return Line("", "", top)
    step = width / (len(values) - 1)
    points = [f"{number * step:.1f},{height - value / top * height:.1f}" for number, value in enumerate(values)]
    path = "M" + " L".join(points)
    return Line(path, f"{path} L{width},{height} L0,{height} Z", top)


def round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power < value:
        power *= 10
    while power / 10 >= value:
        power /= 10
    return next(power * part for part in (0.2, 0.5, 1) if power * part >= value)
