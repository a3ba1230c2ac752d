"""GIF: frames by libvips, on a canvas that is transparent where no frame has painted it."""

from pathlib import Path

from pixelfleet.images.containers.gif_blocks import frames, with_clear_canvas
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import libvips
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.vips import Image, pyvips


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return libvips.header_of(libvips.load(path, row, reading))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    content = path.read_bytes()
    changed = with_clear_canvas(content)
    if changed is None:
        return libvips.load(path, row, reading)
    # The changed file may have one frame more than the source.
    count = len(frames(content)) - reading.page if reading.frames < 0 else reading.frames
    return pyvips.Operation.call(
        "gifload_buffer", changed, page=reading.page, n=count,
        access="random" if reading.random_access else "sequential",
        fail_on="none" if reading.accept_truncated else "truncated",
    )  # fmt: skip
