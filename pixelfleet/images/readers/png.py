"""PNG: pixels by libvips, colours by the chunks of the third edition."""

from pathlib import Path

from pixelfleet.images.colour_space import PROFILE, Space, mark, of_code_points, of_gamma
from pixelfleet.images.containers.png_chunks import png_colours
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import libvips
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return libvips.header_of(libvips.load(path, row, reading))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    image = libvips.load(path, row, reading)
    space = _space(path, image)
    return image if space is None else mark(image, space)


def _space(path: Path, image: Image) -> Space | None:
    """cICP, then iCCP, then sRGB, then gAMA with cHRM (PNG, third edition, 4.3). None leaves what libvips set."""
    with reader_at(path) as read:
        colours = png_colours(read)
    grey = image.bands < 3
    if colours.cicp and colours.cicp.matrix == 0:
        space = of_code_points(colours.cicp.primaries, colours.cicp.transfer, grey=grey)
        if space is not None:
            return space
    if image.get_typeof(PROFILE) or colours.srgb or (colours.gamma is None and colours.chromaticities is None):
        return None
    return of_gamma(colours.gamma, colours.chromaticities, grey=grey)
