"""A GIF changed so that libnsgif shows its frames as browsers do.

Browsers show the canvas as transparent where no frame has painted it, and where a frame has cleared it. libnsgif shows
both in a colour: what a frame without a transparent colour clears becomes the background colour, and libvips drops the
alpha where no frame has a transparent colour. libnsgif takes the first frame's size for the canvas where the canvas has
the size of a usual screen or a side above 2,048 (`nsgif_data_scan`). libnsgif also mixes up the rows of an interlaced
frame that reaches below the canvas.
"""

from dataclasses import dataclass
from typing import Final

from pixelfleet.images.containers.gif_blocks import RESTORE_TO_BACKGROUND, RESTORE_TO_PREVIOUS, Frame, frames
from pixelfleet.images.containers.gif_blocks import start as start_of_blocks
from pixelfleet.images.containers.gif_runs import clear_frame

_SCREENS: Final = frozenset({(640, 480), (640, 512), (800, 600), (1024, 768), (1280, 1024), (1600, 1200)})
_LARGEST: Final = 2048
_MOST: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class ClearCanvas:
    """The changed file; `pages` gives for each frame of the source its number among the changed file's frames; `height`
    is that of the source's canvas where the changed file's is taller."""

    data: bytes
    pages: tuple[int, ...]
    height: int | None = None


def canvas_size(data: bytes) -> tuple[int, int] | None:
    """The size of the canvas, which is no smaller than the first frame; None where libnsgif finds this size itself."""
    every = frames(data)
    if not every:
        return None
    screen = _screen(data)
    first = every[0].left + every[0].width, every[0].top + every[0].height
    unusual = screen in _SCREENS or max(screen) > _LARGEST
    size = max(screen[0], first[0]), max(screen[1], first[1])
    return (min(size[0], _MOST), min(size[1], _MOST)) if unusual and size != first else None


def with_clear_canvas(data: bytes) -> ClearCanvas | None:
    """None where nothing must change.

    Where the canvas must be larger than libnsgif would make it, a transparent frame of that size goes first.
    """
    every = frames(data)
    if not every:
        return None
    screen = _screen(data)
    # What the last frame leaves behind is never shown.
    clearing = [f for f in every[:-1] if f.disposal == RESTORE_TO_BACKGROUND and not f.has_transparent_colour]
    bare = not _covers(every[0], *screen) or any(f.disposal == RESTORE_TO_PREVIOUS for f in every[:-1])
    size = canvas_size(data)
    width, height = size or screen
    lowest = min(max((f.top + f.height for f in every if f.interlaced), default=0), _MOST)
    grows = size is not None or lowest > max(height, every[0].top + every[0].height)
    transparent = any(frame.has_transparent_colour for frame in every)
    if not clearing and not grows and (transparent or not bare):
        return None
    changed, pages = _with_cleared_boxes(data, every, clearing, (width, height))
    if grows:
        at, tallest = start_of_blocks(data), max(height, every[0].top + every[0].height)
        cover = clear_frame(0, 0, max(width, every[0].left + every[0].width), max(tallest, lowest))
        pages = tuple(page + 1 for page in pages)
        return ClearCanvas(changed[:at] + cover + changed[at:], pages, tallest if lowest > tallest else None)
    if bare and not transparent:
        body = changed.rstrip(b"\x00")
        changed = (body[:-1] if body.endswith(b"\x3b") else changed) + clear_frame(0, 0, 1, 1) + b"\x3b"
    return ClearCanvas(changed, pages)


def _screen(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _covers(frame: Frame, width: int, height: int) -> bool:
    return frame.left == frame.top == 0 and frame.width >= width and frame.height >= height


def _with_cleared_boxes(
    data: bytes, every: list[Frame], clearing: list[Frame], canvas: tuple[int, int]
) -> tuple[bytes, tuple[int, ...]]:
    """Each of these frames is followed by a frame of the same box that paints nothing, has a transparent colour, and
    clears the box in its turn. A frame whose codes leave a colour free has that one as its transparent colour instead.
    """
    changed, pages, done = bytearray(), [], 0
    added = 0
    for number, frame in enumerate(every):
        pages.append(number + added)
        if frame not in clearing or frame.control is None:
            continue
        if frame.code_size < 8:
            changed += data[done : frame.control + 3] + bytes((data[frame.control + 3] | 1,))
            changed += data[frame.control + 4 : frame.control + 6] + b"\xff"
            done = frame.control + 7
            continue
        width, height = min(frame.width, canvas[0] - frame.left), min(frame.height, canvas[1] - frame.top)
        if width > 0 and height > 0:
            changed += data[done : frame.end] + clear_frame(frame.left, frame.top, width, height)
            done = frame.end
            added += 1
    return bytes(changed) + data[done:], tuple(pages)
