"""The canvas of a GIF is transparent where no frame has painted it or a frame has cleared it, as in browsers."""

from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips

from pixelfleet.images.containers.gif_blocks import frames, with_clear_canvas
from pixelfleet.images.pipeline import Rendition
from tests.colour.other_files import gif
from tests.colour.quarters import QUARTERS

Run = Callable[..., Rendition]
WHOLE, LEFT, RIGHT = (0, 0, 64, 48), (0, 0, 32, 48), (32, 0, 32, 48)
CLEAR = (0, 0, 0, 0)


def shown(path: Path, rendered: Run, content: bytes) -> list[list[tuple[int, ...]]]:
    """For each frame the colours in the middles of its left and right halves."""
    path.write_bytes(content)
    [variant] = rendered(path, {"format": "webp", "lossless": True}).variants
    frames_shown = pyvips.Image.webpload(str(variant.path), n=-1)
    rgba = frames_shown if frames_shown.hasalpha() else frames_shown.addalpha()
    height = rgba.get("page-height")
    points = [[rgba.getpoint(x, top + 24) for x in (16, 48)] for top in range(0, rgba.height, height)]
    return [[CLEAR if point[3] == 0 else tuple(int(value) for value in point) for point in row] for row in points]


def test_a_frame_that_clears_leaves_the_canvas_transparent(tmp_path: Path, rendered: Run) -> None:
    red, green = (*QUARTERS[0], 255), (*QUARTERS[1], 255)
    seen = shown(tmp_path / "a", rendered, gif([(WHOLE, 0, 2), (LEFT, 1, 0)]))
    assert seen == [[red, red], [green, CLEAR]]


def test_canvas_that_was_never_painted_is_transparent_in_every_frame(tmp_path: Path, rendered: Run) -> None:
    red, green = (*QUARTERS[0], 255), (*QUARTERS[1], 255)
    seen = shown(tmp_path / "a", rendered, gif([(LEFT, 0, 1), (RIGHT, 1, 1)]))
    assert seen == [[red, CLEAR], [red, green]]


def test_an_ordinary_gif_is_left_as_it_is() -> None:
    assert with_clear_canvas(gif([(WHOLE, 0, 0), (LEFT, 1, 1)])) is None


@pytest.mark.parametrize("end", range(0, 200, 7))
def test_a_gif_that_breaks_off_has_fewer_frames(end: int) -> None:
    content = gif([(LEFT, 0, 2), (RIGHT, 1, 2)])
    assert len(frames(content[:end])) <= 2
    with_clear_canvas(content[:end])
