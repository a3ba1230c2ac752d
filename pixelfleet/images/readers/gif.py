"""GIF: libvips decodes the frames, on a canvas that is transparent where no frame has painted it."""

from dataclasses import replace
from pathlib import Path

from pixelfleet.images.codec_errors import DamagedError
from pixelfleet.images.containers.gif_blocks import with_last_codes
from pixelfleet.images.containers.gif_canvas import canvas_size, with_clear_canvas
from pixelfleet.images.fields import field
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import libvips
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.vips import Image, pyvips


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    header = libvips.header_of(libvips.load(path, row, reading))
    size = canvas_size(path.read_bytes())
    return replace(header, width=size[0], height=size[1]) if size else header


def decode(path: Path, _row: Format, reading: Reading) -> Image:
    data = with_last_codes(path.read_bytes())
    changed = with_clear_canvas(data)
    if changed is None or reading.page >= len(changed.pages):
        return _loaded(data, reading, reading.page, reading.frames)
    pages = changed.pages[reading.page :] if reading.frames < 0 else (changed.pages[reading.page],)
    image = _loaded(changed.data, reading, pages[0], pages[-1] - pages[0] + 1)
    if changed.height is not None or len(pages) != pages[-1] - pages[0] + 1:
        image = _only(image, pages, changed.height)
    if image.get_typeof("delay"):
        # libvips returns the delays of all frames of the file, even if only some frames are loaded.
        delays = image.get("delay")
        image = image.copy()
        image.set_type(pyvips.GValue.array_int_type, "delay", [delays[page] for page in pages if page < len(delays)])
    return image


def _loaded(data: bytes, reading: Reading, page: int, count: int) -> Image:
    return pyvips.Operation.call(
        "gifload_buffer", data, page=page, n=count,
        access="random" if reading.random_access else "sequential",
        fail_on="none" if reading.accept_truncated else "truncated",
    )  # fmt: skip


def _only(image: Image, pages: tuple[int, ...], height: int | None) -> Image:
    """The frames `pages` of the file, each cut to `height`. `image` is a tall image that begins with the first of these
    frames."""
    each = int(field(image, "page-height", image.height))
    height = height or each
    tops = [(page - pages[0]) * each for page in pages]
    if max(tops) + height > image.height:
        raise DamagedError("it has fewer frames than blocks of frames")
    tall = image.copy_memory()
    kept = pyvips.Image.arrayjoin([tall.crop(0, top, tall.width, height) for top in tops], across=1).copy()
    kept.set_type(pyvips.GValue.gint_type, "page-height", height)
    kept.set_type(pyvips.GValue.gint_type, "n-pages", len(pages))
    return kept
