"""A GIF changed so that libnsgif shows its frames as browsers do.

Browsers show the canvas as transparent where no frame has painted it, and where a frame has cleared it. libnsgif shows
both in a colour: what a frame without a transparent colour clears becomes the background colour, and libvips drops the
alpha where no frame has a transparent colour. Besides, libnsgif mixes up the rows of an interlaced frame that reaches
below the canvas.
"""

from dataclasses import dataclass
from typing import Final

from pixelfleet.images.containers.gif_blocks import RESTORE_TO_BACKGROUND, RESTORE_TO_PREVIOUS, Frame, frames

_PALETTE_OF_TWO: Final = 0x80
#: The longest code of GIF's LZW has twelve bits (GIF89a, appendix F).
_MOST_CODES: Final = 4096


@dataclass(frozen=True, slots=True)
class ClearCanvas:
    """The changed file; `pages` gives for each frame of the source its number among the changed file's frames.
    `taller`: the canvas of the changed file reaches below that of the source."""

    data: bytes
    pages: tuple[int, ...]
    taller: bool


def with_clear_canvas(data: bytes) -> ClearCanvas | None:
    """None where nothing must change."""
    every = frames(data)
    if not every:
        return None
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
    # What the last frame leaves behind is never shown.
    clearing = [f for f in every[:-1] if f.disposal == RESTORE_TO_BACKGROUND and not f.has_transparent_colour]
    bare = not _covers(every[0], width, height) or any(f.disposal == RESTORE_TO_PREVIOUS for f in every[:-1])
    lowest = max((f.top + f.height for f in every if f.interlaced), default=0)
    transparent = any(frame.has_transparent_colour for frame in every)
    if not clearing and lowest <= height and (transparent or not bare):
        return None
    changed, pages = _with_cleared_boxes(data, every, clearing)
    if bare and not transparent:
        body = changed.rstrip(b"\x00")
        changed = (body[:-1] if body.endswith(b"\x3b") else changed) + _clear_frame(0, 0, 1, 1) + b"\x3b"
    if lowest > height:
        changed = changed[:8] + min(lowest, 0xFFFF).to_bytes(2, "little") + changed[10:]
    return ClearCanvas(changed, pages, taller=lowest > height)


def _covers(frame: Frame, width: int, height: int) -> bool:
    return frame.left == frame.top == 0 and frame.width >= width and frame.height >= height


def _with_cleared_boxes(data: bytes, every: list[Frame], clearing: list[Frame]) -> tuple[bytes, tuple[int, ...]]:
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
        elif frame.width and frame.height:
            changed += data[done : frame.end] + _clear_frame(frame.left, frame.top, frame.width, frame.height)
            done = frame.end
            added += 1
    return bytes(changed) + data[done:], tuple(pages)


def _clear_frame(left: int, top: int, width: int, height: int) -> bytes:
    """A control block with transparent colour 0 that clears, and an image of colour 0 with a palette of its own."""
    box = b"".join(number.to_bytes(2, "little") for number in (left, top, width, height))
    control = bytes((0x21, 0xF9, 4, RESTORE_TO_BACKGROUND << 2 | 1, 0, 0, 0, 0))
    coded = _run(width * height)
    blocks = b"".join(bytes((len(part),)) + part for part in (coded[at : at + 255] for at in range(0, len(coded), 255)))
    return control + b"\x2c" + box + bytes((_PALETTE_OF_TWO, *bytes(6), 2)) + blocks + b"\0"


def _run(count: int) -> bytes:
    """LZW of this many pixels of colour 0 with codes of 3 bits at first (GIF89a, appendix F): each code is the string
    before and one pixel more."""
    clear, end, first = 4, 5, 6
    bits, length = clear, 3
    following, longest = first - 1, 0

    def put(code: int) -> None:
        nonlocal bits, length
        bits |= code << length
        length += min(max(following.bit_length(), 3), 12)

    while count:
        if following == _MOST_CODES:
            put(clear)
            following, longest = first - 1, 0
        taken = min(longest + 1, count)
        put(0 if taken == 1 else first + taken - 2)
        longest, following = longest + 1, following + 1
        count -= taken
    put(end)
    return bits.to_bytes((length + 7) // 8, "little")
