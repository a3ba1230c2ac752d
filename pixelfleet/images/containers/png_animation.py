"""The frames of an animated PNG (PNG, third edition, 11.3.6): where each frame is, when and how it is painted."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

Read = Callable[[int, int], bytes]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS: Final = 100_000
#: Bytes of the longest chunk that all frames share: a palette of 256 colours.
_MAX_SHARED: Final = 768
_CONTROL: Final = struct.Struct(">5I2H2B")


class Dispose(IntEnum):
    """What happens to a frame's area after the frame was shown (11.3.6.2)."""

    NONE = 0
    BACKGROUND = 1
    PREVIOUS = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """The area of a frame in pixels, its time in milliseconds, and the spans of its compressed data in the file.
    `over`: the frame is painted over the canvas; otherwise the frame replaces its area."""

    width: int
    height: int
    left: int
    top: int
    delay: int
    dispose: Dispose
    over: bool
    parts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Animation:
    """`plays` is 0 for an endless animation. `complete`: the file has as many frames as it declares."""

    width: int
    height: int
    plays: int
    frames: tuple[Frame, ...]
    complete: bool
    _header: bytes
    _shared: bytes

    def file_of(self, frame: Frame, read: Read) -> bytes:
        """One frame as a PNG file of its own."""
        header = struct.pack(">II", frame.width, frame.height) + self._header[8:]
        pixels = b"".join(read(start, length) for start, length in frame.parts)
        return _SIGNATURE + _chunk(b"IHDR", header) + self._shared + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def animation_of(read: Read) -> Animation | None:
    """The animation of a PNG; None for a still PNG, and for a PNG whose frames break the rules: decoders then show the
    still picture (11.3.6)."""
    parser = _Parser(read)
    try:
        return parser.parse()
    except (ValueError, struct.error):
        return None


class _Parser:
    def __init__(self, read: Read) -> None:
        self._read = read
        self._header = self._shared = self._control = b""
        self._ended = self._in_pixels = False
        self._frames: list[Frame] = []
        self._parts: list[list[tuple[int, int]]] = []
        self._next = 0

    def parse(self) -> Animation | None:
        """
        Raises:
            ValueError, struct.error: a chunk of the animation breaks the rules.
        """
        for kind, start, length in self._chunks():
            if kind == b"IDAT" and not self._control:
                # A still PNG: an animation is declared before the pixels.
                return None
            if kind in (b"IHDR", b"acTL", b"PLTE", b"tRNS"):
                self._take_shared(kind, start, length)
            else:
                self._take_frame(kind, start, length)
        return self._animation() if self._control else None

    def _take_shared(self, kind: bytes, start: int, length: int) -> None:
        content = self._read(start, min(length, _MAX_SHARED))
        if kind == b"IHDR":
            self._header = content
        elif kind == b"acTL":
            self._control = content
        elif not self._in_pixels:
            self._shared += _chunk(kind, content)

    def _take_frame(self, kind: bytes, start: int, length: int) -> None:
        if kind == b"fcTL":
            self._append_frame(self._read(start, _CONTROL.size))
        elif kind == b"IDAT":
            self._in_pixels = True
            self._append_data(start, length)
        elif kind == b"fdAT":
            self._count(self._read(start, 4))
            self._append_data(start + 4, length - 4)
        elif kind == b"IEND":
            self._ended = True

    def _animation(self) -> Animation | None:
        declared, plays = struct.unpack(">II", self._control)
        numbered = zip(self._frames[:declared], self._parts, strict=False)
        frames = tuple(replace(frame, parts=tuple(parts)) for frame, parts in numbered if parts)
        if len(frames) < 2:
            return None
        complete = self._ended or len(frames) == declared
        return Animation(*self._canvas(), plays, frames, complete, self._header, self._shared)

    def _canvas(self) -> tuple[int, int]:
        width, height = struct.unpack(">II", self._header[:8])
        return width, height

    def _chunks(self) -> Iterator[tuple[bytes, int, int]]:
        """Type, content offset and content length of each chunk."""
        at = len(_SIGNATURE)
        for _ in range(_MAX_CHUNKS):
            head = self._read(at, 8)
            if len(head) < 8:
                return
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            yield kind, at + 8, length
            if kind == b"IEND":
                return
            at += 12 + length

    def _append_frame(self, content: bytes) -> None:
        self._count(content[:4])
        _, width, height, left, top, count, unit, dispose, blend = _CONTROL.unpack(content)
        whole = self._canvas()
        if not (width and height and left + width <= whole[0] and top + height <= whole[1]):
            raise ValueError("a frame exceeds the picture")
        if not self._in_pixels and (width, height) != whole:
            raise ValueError("the still picture is a frame of another size")
        delay = round(count * 1000 / (unit or 100))
        self._frames.append(Frame(width, height, left, top, delay, Dispose(dispose), blend == 1, ()))
        self._parts.append([])

    def _append_data(self, start: int, length: int) -> None:
        """Adds data to the last frame. Data before the first frame are the still picture, which is not shown."""
        if self._parts and length > 0:
            self._parts[-1].append((start, length))

    def _count(self, number: bytes) -> None:
        if int.from_bytes(number, "big") != self._next:
            raise ValueError("the frames are out of order")
        self._next += 1


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
