"""GIF: frames by libvips, on a canvas that is transparent where no frame has painted it."""

from pathlib import Path

from pixelfleet.images.containers.gif_canvas import with_clear_canvas
from pixelfleet.images.fields import field
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import libvips
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.vips import Image, pyvips


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return libvips.header_of(libvips.load(path, row, reading))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    changed = with_clear_canvas(path.read_bytes())
    if changed is None or reading.page >= len(changed.pages):
        return libvips.load(path, row, reading)
    pages = changed.pages[reading.page :] if reading.frames < 0 else (changed.pages[reading.page],)
    image = pyvips.Operation.call(
        "gifload_buffer", changed.data, page=pages[0], n=pages[-1] - pages[0] + 1,
        access="random" if reading.random_access else "sequential",
        fail_on="none" if reading.accept_truncated else "truncated",
    )  # fmt: skip
    height = libvips.header_of(libvips.load(path, row, reading)).height
    if not changed.taller and len(pages) == pages[-1] - pages[0] + 1:
        return image
    return _only(image, [page - pages[0] for page in pages], height)


def _only(image: Image, pages: list[int], height: int) -> Image:
    """These frames of a tall image, each cut to this height."""
    each = field(image, "page-height", image.height)
    tall = image.copy_memory()
    kept = pyvips.Image.arrayjoin([tall.crop(0, page * each, tall.width, height) for page in pages], across=1).copy()
    kept.set_type(pyvips.GValue.gint_type, "page-height", height)
    kept.set_type(pyvips.GValue.gint_type, "n-pages", len(pages))
    if image.get_typeof("delay"):
        delays = image.get("delay")
        kept.set_type(pyvips.GValue.array_int_type, "delay", [delays[page] for page in pages if page < len(delays)])
    return kept
