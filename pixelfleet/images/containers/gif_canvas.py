"""Changes a GIF so that libnsgif shows its frames as browsers do.

Browsers show unpainted and cleared parts of the canvas as transparent. libnsgif shows these parts in a colour: a part
that a frame without a transparent colour clears gets the background colour, and libvips drops the alpha if no frame has
a transparent colour. libnsgif uses the first frame's size as the canvas size if the canvas has the size of a usual
screen or a side above 2,048 pixels (`nsgif_data_scan`). libnsgif also mixes up the rows of an interlaced frame that
extends below the canvas.
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
    """`data` is the changed file. `pages` gives for each frame of the source its number in the changed file. `height`
    is the height of the source's canvas if the canvas of the changed file is taller."""

    data: bytes
    pages: tuple[int, ...]
    height: int | None = None


def canvas_size(data: bytes) -> tuple[int, int] | None:
    """The size of the canvas, which is at least as large as the first frame; None if libnsgif computes the same
    size."""
    every = frames(data)
    if not every:
        return None
    screen = _screen(data)
    first = every[0].left + every[0].width, every[0].top + every[0].height
    unusual = screen in _SCREENS or max(screen) > _LARGEST
    size = max(screen[0], first[0]), max(screen[1], first[1])
    return (min(size[0], _MOST), min(size[1], _MOST)) if unusual and size != first else None


def with_clear_canvas(data: bytes) -> ClearCanvas | None:
    """The GIF with a transparent canvas; None if the GIF needs no change.

    If libnsgif would make the canvas too small, a transparent frame of the right size is inserted first.
    """
    every = frames(data)
    if not every:
        return None
    screen = _screen(data)
    # The disposal of the last frame is never shown.
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
    """Inserts a frame after each frame of `clearing`. The inserted frame has the same box, paints nothing, has a
    transparent colour, and clears the box. If the codes of a frame leave a colour free, that colour becomes the frame's
    transparent colour instead.
    """
    changed, pages, done = bytearray(), [], 0
    added = 0
    ends = {frame.end for frame in clearing}
    for number, frame in enumerate(every):
        pages.append(number + added)
        if frame.end not in ends or frame.control is None:
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
