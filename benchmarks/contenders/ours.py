"""pixelfleet, recipe `web`: header, limits, three variants, placeholder, dominant colour, perceptual hash."""

from pathlib import Path

from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import builtin

_LIMITS = Limits(max_bytes=10**9, max_pixels=10**9, max_frames=1000)


def run(source: Path, folder: Path) -> None:
    render(source, probe(source, _LIMITS), builtin("web"), folder)
