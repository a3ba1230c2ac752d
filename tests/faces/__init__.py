"""Pictures with faces at known places: two portraits of the public domain, and scenes made from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyvips

Point = tuple[int, int]


@dataclass(frozen=True)
class Portrait:
    """`inside`: both eyes and the mouth, in pixels. `width`: about the width of the face."""

    path: Path
    inside: tuple[Point, ...]
    width: int

    def image(self) -> Any:
        return pyvips.Image.new_from_file(str(self.path)).copy_memory()


_HERE: Final = Path(__file__).parent
ASTRONAUT: Final = Portrait(_HERE / "astronaut.jpg", ((204, 101), (247, 103), (225, 146)), 88)
HOPPER: Final = Portrait(_HERE / "hopper.jpg", ((225, 189), (305, 187), (267, 278)), 175)
PORTRAITS: Final = (ASTRONAUT, HOPPER)


def backdrop(width: int, height: int) -> Any:
    """A soft pattern without a face; the same for each size."""
    x = pyvips.Image.xyz(width, height)
    bands = [(x[0] * (0.02 + 0.01 * n)).sin() * 40 + (x[1] * (0.03 - 0.005 * n)).cos() * 40 + 120 for n in range(3)]
    return bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb").copy_memory()


def scene(size: tuple[int, int], *placed: tuple[Portrait, float, Point]) -> Any:
    """Portraits on a backdrop, each scaled and with its left top corner at a point."""
    picture = backdrop(*size)
    for portrait, scale, (left, top) in placed:
        picture = picture.insert(portrait.image().resize(scale), left, top)
    return picture.copy_memory()
