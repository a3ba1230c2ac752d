"""What one lane takes on, held against an image's header before anything is decoded."""

from dataclasses import dataclass
from typing import Final

from pixelfleet.errors import Cause, PermanentError

#: What must be held whole in memory while it is decoded may have no more, in any lane: some 800 MB.
MAX_HELD_PIXELS: Final = 250_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_bytes` of the file, `max_pixels` over all frames, `max_frames` frames or pages."""

    max_bytes: int
    max_pixels: int
    max_frames: int


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
    """Frames count together when they are an animation; of pages only one is ever decoded.

    Raises:
        PermanentError: `too_many_frames`, `too_many_pixels` or `animation_too_large`.
    """
    if frames > limits.max_frames:
        raise PermanentError(
            Cause.TOO_MANY_FRAMES,
            f"the image has {frames:,} frames or pages, the limit is {limits.max_frames:,}; split it",
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
    """For what no decoder reads row by row: interlaced PNG, progressive JPEG, and the formats that Pillow reads.

    Raises:
        PermanentError: `too_many_pixels`.
    """
    if width * height > MAX_HELD_PIXELS:
        raise PermanentError(
            Cause.TOO_MANY_PIXELS,
            f"the image is {width:,} x {height:,}; this kind of {format_name} may have "
            f"{_mega(MAX_HELD_PIXELS)}, because it is held whole in memory; save it as tiled TIFF or baseline JPEG",
        )


def _mega(pixels: int) -> str:
    return f"{pixels / 1_000_000:,.1f} megapixels"
