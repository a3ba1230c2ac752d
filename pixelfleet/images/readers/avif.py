"""AVIF: pixels by libvips (libheif and dav1d or aom), colours and premultiplied alpha by the container's boxes."""

from pathlib import Path

from pixelfleet.images.colour_space import PROFILE, mark, of_code_points
from pixelfleet.images.containers.iso_boxes import Heif, heif
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import libvips
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return libvips.header_of(_loaded(path, row, reading))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    image = _loaded(path, row, reading)
    with reader_at(path) as read:
        container = heif(read)
    if container.premultiplied and image.hasalpha():
        sample, space = image.format, image.interpretation
        image = image.unpremultiply().cast(sample).copy(interpretation=space)
    return _with_colours(image, container)


def _loaded(path: Path, row: Format, reading: Reading) -> Image:
    """Without a page libvips loads the primary item (ISO/IEC 23008-12, 6.4.2), which need not be the first one."""
    return libvips.load(path, row, reading, **({"page": reading.page} if reading.page else {}))


def _with_colours(image: Image, container: Heif) -> Image:
    """nclx holds where there is no ICC profile; with both, the profile describes the decoded RGB (MIAF, 7.3.6.4)."""
    if image.get_typeof(PROFILE) or container.nclx is None:
        return image
    space = of_code_points(container.nclx.primaries, container.nclx.transfer, grey=image.bands < 3)
    return image if space is None else mark(image, space)
