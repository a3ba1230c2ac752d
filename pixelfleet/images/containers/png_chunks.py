"""The colour declarations of a PNG, which stand before the pixels (PNG, third edition, 11.3.2 and 11.3.3)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.containers.iso_boxes import Nclx

Read = Callable[[int, int], bytes]

_MAX_CHUNKS: Final = 4096
_UNIT: Final = 100_000


@dataclass(frozen=True, slots=True)
class PngColours:
    """`gamma` is the exponent that encoded the samples (gAMA: 0.45455 for 1 / 2.2). `chromaticities` are x and y of
    white, red, green and blue."""

    cicp: Nclx | None = None
    has_profile: bool = False
    srgb: bool = False
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None


def png_colours(read: Read) -> PngColours:
    """The colour chunks between the signature and the first IDAT."""
    chunks = _colour_chunks(read)
    cicp, gamma, chromaticities = chunks.get(b"cICP", b""), chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    return PngColours(
        cicp=Nclx(cicp[0], cicp[1], cicp[2], bool(cicp[3])) if len(cicp) == 4 else None,
        has_profile=b"iCCP" in chunks,
        srgb=b"sRGB" in chunks,
        gamma=int.from_bytes(gamma, "big") / _UNIT if len(gamma) == 4 and any(gamma) else None,
        chromaticities=_eight(chromaticities) if len(chromaticities) == 32 else None,
    )


def _colour_chunks(read: Read) -> dict[bytes, bytes]:
    chunks: dict[bytes, bytes] = {}
    at = 8
    for _ in range(_MAX_CHUNKS):
        head = read(at, 8 + 32)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if len(head) < 8 or kind in (b"IDAT", b"IEND"):
            break
        if kind in (b"cICP", b"gAMA", b"cHRM", b"sRGB", b"iCCP"):
            chunks.setdefault(kind, head[8 : 8 + length])
        at += 12 + length
    return chunks


def _eight(content: bytes) -> tuple[float, ...]:
    return tuple(int.from_bytes(content[at : at + 4], "big") / _UNIT for at in range(0, 32, 4))
