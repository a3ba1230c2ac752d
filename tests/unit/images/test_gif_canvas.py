"""The canvas of a GIF is transparent, as in browsers, where no frame has painted or where a frame has cleared."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips

from pixelfleet.images.containers.gif_blocks import Frame, frames
from pixelfleet.images.containers.gif_canvas import with_clear_canvas
from pixelfleet.images.pipeline import Rendition
from tests.colour.gif_files import gif, gif_of_rows
from tests.colour.quarters import QUARTERS

Run = Callable[..., Rendition]
WHOLE, LEFT, RIGHT = (0, 0, 64, 48), (0, 0, 32, 48), (32, 0, 32, 48)
CLEAR = (0, 0, 0, 0)


def shown(path: Path, rendered: Run, content: bytes) -> list[list[tuple[int, ...]]]:
    """The colours in the middle of the left half and of the right half of each frame."""
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


def test_a_frame_of_256_colours_that_clears_leaves_the_canvas_transparent(tmp_path: Path, rendered: Run) -> None:
    """The pixels of such a frame may have every colour, so that no colour is free for transparency."""
    red, green, blue = ((*QUARTERS[at], 255) for at in range(3))
    seen = shown(tmp_path / "a", rendered, gif([(WHOLE, 0, 2), (LEFT, 1, 2), (RIGHT, 2, 2)], codes=8))
    assert seen == [[red, red], [green, CLEAR], [CLEAR, blue]]


def test_the_area_that_a_first_frame_restores_is_transparent(tmp_path: Path, rendered: Run) -> None:
    red, green = (*QUARTERS[0], 255), (*QUARTERS[1], 255)
    seen = shown(tmp_path / "a", rendered, gif([(WHOLE, 0, 3), (LEFT, 1, 0)]))
    assert seen == [[red, red], [green, CLEAR]]


def test_a_changed_gif_shows_the_page_that_the_recipe_names(tmp_path: Path, rendered: Run) -> None:
    source = tmp_path / "a"
    source.write_bytes(gif([(WHOLE, 0, 2), (WHOLE, 1, 2), (WHOLE, 2, 2)], codes=8))
    variants = rendered(source, *({"format": "png", "page": page} for page in (1, 2, 3))).variants
    seen = [pyvips.Image.pngload(str(variant.path)).getpoint(1, 1)[:3] for variant in variants]
    assert [tuple(colour) for colour in seen] == list(QUARTERS[:3])


def test_delays_stay_with_their_frames(tmp_path: Path, rendered: Run) -> None:
    content = gif([(WHOLE, 0, 2), (LEFT, 1, 2), (RIGHT, 2, 2)], codes=8)
    for delay in (30, 40, 50):
        content = content.replace(b"\x08\x0a\0\0", b"\x08" + bytes((delay, 0, 0)), 1)
    (tmp_path / "a").write_bytes(content)
    [variant] = rendered(tmp_path / "a", {"format": "webp", "lossless": True}).variants
    assert pyvips.Image.webpload(str(variant.path), n=-1).get("delay") == [300, 400, 500]


def test_the_rows_of_an_interlaced_frame_that_reaches_below_the_canvas_stay_in_order(
    tmp_path: Path, rendered: Run
) -> None:
    pictures = []
    for interlaced in (False, True):
        source = tmp_path / f"source-{interlaced}"
        source.write_bytes(gif_of_rows(100, interlaced=interlaced))
        [variant] = rendered(source, {"format": "png", "page": 2}).variants
        pictures.append(pyvips.Image.pngload(str(variant.path)))
    assert (pictures[1].width, pictures[1].height) == (64, 48)
    assert bytes(pictures[0].write_to_memory()) == bytes(pictures[1].write_to_memory())


@pytest.mark.parametrize("size", [(640, 480), (800, 600), (2049, 48), (64, 2500)])
def test_the_canvas_may_have_the_size_of_a_usual_screen(tmp_path: Path, rendered: Run, size: tuple[int, int]) -> None:
    """libnsgif uses the size of the first frame in place of such a size."""
    content = gif([(LEFT, 0, 1), (RIGHT, 1, 1)])
    for delay in (30, 40):
        content = content.replace(b"\x04\x0a\0\0", b"\x04" + bytes((delay, 0, 0)), 1)
    source = tmp_path / "a"
    source.write_bytes(content[:6] + struct.pack("<HH", *size) + content[10:])
    [variant] = rendered(source, {"format": "webp", "lossless": True}).variants
    shown_whole = pyvips.Image.webpload(str(variant.path), n=-1)
    assert (shown_whole.width, shown_whole.get("page-height"), shown_whole.get("delay")) == (*size, [300, 400])
    points = [tuple(int(v) for v in shown_whole.getpoint(x, size[1] + 24)) for x in (16, 48)]
    assert points == [(*QUARTERS[0], 255), (*QUARTERS[1], 255)]
    if size[0] > 64:
        assert shown_whole.getpoint(size[0] - 1, 24)[3] == 0


def test_an_ordinary_gif_is_not_changed() -> None:
    assert with_clear_canvas(gif([(WHOLE, 0, 0), (LEFT, 1, 1)])) is None


@pytest.mark.parametrize("end", range(0, 200, 7))
def test_a_gif_that_breaks_off_has_fewer_frames(end: int) -> None:
    content = gif([(LEFT, 0, 2), (RIGHT, 1, 2)])
    assert len(frames(content[:end])) <= 2
    with_clear_canvas(content[:end])


def test_the_work_for_frames_that_clear_does_not_grow_with_the_square_of_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    head = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0xF7, 0, 0) + bytes(768)
    control = b"\x21\xf9\x04\x08\x01\0\0\0"
    frame = control + b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\x08\x03\x00\x01\x04\x00"
    compared = 0

    def count(one: Frame, other: object) -> bool:
        nonlocal compared
        compared += 1
        return one is other

    monkeypatch.setattr(Frame, "__eq__", count)
    canvas = with_clear_canvas(head + frame * 300 + b";")
    assert canvas is not None
    assert len(canvas.pages) == 300
    assert compared <= 300


@pytest.mark.parametrize("box", [WHOLE, (0, 0, 63, 47), (0, 0, 1, 1), (0, 0, 5, 3)])
def test_the_last_pixel_of_a_frame_without_an_end_code_is_shown(
    tmp_path: Path, rendered: Run, box: tuple[int, int, int, int]
) -> None:
    """The end code is required (GIF89a, appendix F), but browsers, ImageMagick and Pillow do not need the code."""
    left, top, width, height = box
    for end in (True, False):
        (tmp_path / "a").write_bytes(gif([(WHOLE, 0, 1), (box, 2, 1)], end=end))
        first, second = rendered(tmp_path / "a", {"format": "png"}, {"format": "png", "page": 2}).variants
        for variant, corner, colour in (
            (first, (63, 47), QUARTERS[0]), (second, (left + width - 1, top + height - 1), QUARTERS[2])
        ):  # fmt: skip
            point = pyvips.Image.pngload(str(variant.path)).getpoint(*corner)
            assert tuple(int(value) for value in point[:3]) == colour
