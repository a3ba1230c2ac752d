"""The frames of a GIF (GIF89a specification): the position of each frame in the file, and its disposal."""

from dataclasses import dataclass
from typing import Final

RESTORE_TO_BACKGROUND: Final = 2
RESTORE_TO_PREVIOUS: Final = 3
_MAX_BLOCKS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """`control` is the offset of the frame's graphic control block, or None. `codes` is the offset of the frame's first
    block of codes, and `end` the offset after the frame's blocks. `code_size` bounds the frame's colour indices."""

    control: int | None
    left: int
    top: int
    width: int
    height: int
    code_size: int
    interlaced: bool
    disposal: int
    has_transparent_colour: bool
    codes: int
    end: int


def frames(data: bytes) -> list[Frame]:
    """The frames in order. A frame is left out if the end of the file cuts off its header."""
    listed: list[Frame] = []
    at = start(data)
    control: int | None = None
    for _ in range(_MAX_BLOCKS):
        if at + 11 >= len(data):
            break
        if data[at] == 0x2C:
            left, top, width, height = [
                int.from_bytes(data[at + place : at + place + 2], "little") for place in (1, 3, 5, 7)
            ]
            packed = data[at + 9]
            at += 10 + _table(packed)
            if at >= len(data):
                break
            code_size, codes = data[at], at + 1
            at = _after_sub_blocks(data, codes)
            flags = data[control + 3] if control is not None else 0
            listed.append(
                Frame(
                    control, left, top, width, height, code_size,
                    interlaced=bool(packed & 0x40),
                    disposal=flags >> 2 & 7,
                    has_transparent_colour=bool(flags & 1),
                    codes=codes,
                    end=at,
                )
            )  # fmt: skip
            control = None
        elif data[at] == 0x21:
            if data[at + 1] == 0xF9 and data[at + 2] == 4:
                control = at
            at = _after_sub_blocks(data, at + 2)
        else:
            break
    return listed


def with_last_codes(data: bytes) -> bytes:
    """The file with one more byte of codes in each frame. libnsgif drops the last code of a frame that has no end code,
    if nothing follows it. Decoders ignore bytes after the end code or the last pixel."""
    changed, done = bytearray(), 0
    for frame in frames(data):
        terminator = frame.end - 1
        if frame.codes < terminator < len(data):
            changed += data[done:terminator] + b"\1\0"
            done = terminator
    return bytes(changed) + data[done:] if changed else data


def start(data: bytes) -> int:
    """The offset of the first block, after the palette."""
    return 13 + _table(data[10]) if len(data) > 13 else len(data)


def _after_sub_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
