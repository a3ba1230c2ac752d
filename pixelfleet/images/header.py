"""What a source's head declares, whoever reads it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Header:
    """Pixels as stored, before orientation, of one frame or page."""

    width: int
    height: int
    frames: int
    orientation: int
    colour_space: str
    has_alpha: bool
    exif: bytes
    #: The decoder cannot stream it, but holds it whole.
    held: bool = False
