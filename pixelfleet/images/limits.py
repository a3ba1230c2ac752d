"""The limits of one image. The header is checked against the limits before anything is decoded."""

from dataclasses import dataclass
from typing import Final

from pixelfleet.errors import Cause, PermanentError

#: The most pixels, in any lane, of an image that is held whole in memory while it is decoded.
MAX_HELD_PIXELS: Final = 250_000_000
#: The longest side in pixels. Decoders and filters hold about 150 rows for any height: a row of ten million RGB pixels
#: costs 4.7 GB. JPEG has at most 65,535 and WebP at most 16,383; only PNG and TIFF allow more.
MAX_SIDE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_bytes` of the file, `max_pixels` over all frames, `max_frames` frames or pages."""

    max_bytes: int
    max_pixels: int
    max_frames: int


@dataclass(frozen=True, slots=True)
class LaneShare:
    """The limits of one lane, below those of the largest lane: pixels over all frames, and bytes of memory."""

    max_pixels: int
    max_memory: int

    def exceeded_by(self, pixels: int, memory: int) -> str | None:
        """The reason why an image belongs to a larger lane; None for an image of this lane."""
        if pixels > self.max_pixels:
            return f"{pixels:,} pixels are more than this lane's {self.max_pixels:,}"
        if memory > self.max_memory:
            return f"decoding takes about {memory // 1_000_000:,} MB, this lane has {self.max_memory // 1_000_000:,}"
        return None


def check_bytes(size: int, limits: Limits) -> None:
    """
    Raises:
        PermanentError: `empty` or `too_many_bytes`.
    """
    if size == 0:
        raise PermanentError(Cause.EMPTY, "the file has no content (0 bytes); upload it again")
    if size > limits.max_bytes:
        raise PermanentError(
            Cause.TOO_MANY_BYTES,
            f"the file has {size:,} bytes, the limit is {limits.max_bytes:,}; "
            "save it smaller or raise the lane's limit",
        )


def check_size(width: int, height: int, frames: int, *, animated: bool, limits: Limits) -> None:
    """Frames of an animation count together. Pages do not: a decode reads only one page.

    Raises:
        PermanentError: `unreadable` without pixels; `too_many_frames`, `too_wide`, `too_many_pixels` or
            `animation_too_large`.
    """
    if min(width, height) < 1:
        raise PermanentError(
            Cause.UNREADABLE, f"the image is {width:,} x {height:,} and has no pixel; upload an intact copy"
        )
    if frames > limits.max_frames:
        raise PermanentError(
            Cause.TOO_MANY_FRAMES,
            f"the image has {frames:,} frames or pages, the limit is {limits.max_frames:,}; split it",
        )
    if max(width, height) > MAX_SIDE:
        raise PermanentError(
            Cause.TOO_WIDE,
            f"the image is {width:,} x {height:,}; a side may have {MAX_SIDE:,} pixels, "
            "because whole rows are held in memory; cut it into parts",
        )
    if width * height > limits.max_pixels:
        raise PermanentError(
            Cause.TOO_MANY_PIXELS,
            f"the image is {width:,} x {height:,}, which is {_mega(width * height)}; the limit is "
            f"{_mega(limits.max_pixels)}; scale it down or raise the lane's limit",
        )
    most = min(limits.max_pixels, MAX_HELD_PIXELS)
    if animated and width * height * frames > most:
        raise PermanentError(
            Cause.ANIMATION_TOO_LARGE,
            f"{frames:,} frames of {width:,} x {height:,} are {_mega(width * height * frames)} together; the limit is "
            f"{_mega(most)}; shorten or scale down the animation",
        )


def check_held(width: int, height: int, format_name: str) -> None:
    """Check an image that no decoder reads row by row, such as interlaced PNG and progressive JPEG (see `cost.py`).

    Raises:
        PermanentError: `too_many_pixels`.
    """
    if width * height > MAX_HELD_PIXELS:
        raise PermanentError(
            Cause.TOO_MANY_PIXELS,
            f"the image is {width:,} x {height:,}; this kind of {format_name} may have "
            f"{_mega(MAX_HELD_PIXELS)}, because it is held whole in memory; {_smaller(format_name)}",
        )


def _smaller(format_name: str) -> str:
    if format_name.startswith("pdf"):
        return "lower dpi in the recipe"
    return "save it as tiled TIFF or baseline JPEG"


def _mega(pixels: int) -> str:
    return f"{pixels / 1_000_000:,.1f} megapixels"
