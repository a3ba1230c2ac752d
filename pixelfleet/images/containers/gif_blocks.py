"""The blocks of a GIF (GIF89a specification) that decide whether its canvas shows through."""

from dataclasses import dataclass
from typing import Final

_MAX_BLOCKS: Final = 1_000_000
_RESTORE_TO_BACKGROUND: Final = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """`control` is where the frame's graphic control block begins, or None; `code_size` bounds its indices."""

    control: int | None
    left: int
    top: int
    width: int
    height: int
    code_size: int


def frames(data: bytes) -> list[Frame]:
    """The frames in order; what is cut off at the end is left out."""
    listed: list[Frame] = []
    at = 13 + _table(data[10]) if len(data) > 13 else len(data)
    control: int | None = None
    for _ in range(_MAX_BLOCKS):
        if at + 11 >= len(data):
            break
        if data[at] == 0x2C:
            left, top, width, height = [
                int.from_bytes(data[at + place : at + place + 2], "little") for place in (1, 3, 5, 7)
            ]
            at += 10 + _table(data[at + 9])
            if at >= len(data):
                break
            listed.append(Frame(control, left, top, width, height, data[at]))
            control = None
            at = _after_sub_blocks(data, at + 1)
        elif data[at] == 0x21:
            if data[at + 1] == 0xF9 and data[at + 2] == 4:
                control = at
            at = _after_sub_blocks(data, at + 2)
        else:
            break
    return listed


def with_clear_canvas(data: bytes) -> bytes | None:
    """The file changed so that a decoder shows the canvas as transparent where no frame has painted it or a frame has
    cleared it, as browsers do. None where nothing must change.

    A frame without a transparent colour gets one that its pixels cannot have. A canvas that the first frame leaves
    bare is seen by decoders only where some frame is transparent: a frame of one transparent pixel is added at the end.
    """
    every = frames(data)
    if not every:
        return None
    clearing = [frame for frame in every if _clears(data, frame)]
    screen = (0, 0, int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
    first = every[0]
    bare = first.left > 0 or first.top > 0 or first.width < screen[2] or first.height < screen[3]
    transparent = any(frame.control is not None and data[frame.control + 3] & 1 for frame in every)
    if not clearing and (transparent or not bare):
        return None
    changed = bytearray(data)
    for frame in clearing:
        if frame.control is not None and frame.code_size < 8:
            changed[frame.control + 3] |= 1
            changed[frame.control + 6] = 255
    return _with_clear_frame(bytes(changed)) if bare and not transparent else bytes(changed)


def _clears(data: bytes, frame: Frame) -> bool:
    if frame.control is None:
        return False
    flags = data[frame.control + 3]
    return (flags >> 2) & 7 == _RESTORE_TO_BACKGROUND and not flags & 1


#: A control block with transparent colour 0, and one pixel of colour 0.
_CLEAR_FRAME: Final = bytes.fromhex("21f90401000000002c0000000001000100800000000000000002024401 00 3b")


def _with_clear_frame(data: bytes) -> bytes:
    body = data.rstrip(b"\x00")
    return (body.removesuffix(b"\x3b") if body.endswith(b"\x3b") else data) + _CLEAR_FRAME


def _after_sub_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
