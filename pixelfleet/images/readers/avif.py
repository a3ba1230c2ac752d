"""AVIF: pixels by libvips (libheif and dav1d or aom), colours and premultiplied alpha by the container's boxes."""

from pathlib import Path
from typing import Final

from pixelfleet.images.bands import from_limited_range
from pixelfleet.images.colour_space import PROFILE, mark, of_code_points
from pixelfleet.images.containers.av1_sequence import full_range, is_monochrome
from pixelfleet.images.containers.iso_boxes import Heif, heif
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import libvips
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import Read, reader_at
from pixelfleet.images.vips import Image

#: Enough of a coded picture for its sequence header.
_SEQUENCE_BYTES: Final = 256


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return libvips.header_of(_loaded(path, row, reading))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    image = _loaded(path, row, reading)
    with reader_at(path) as read:
        container = heif(read)
        limited = _is_limited_grey(container, read)
    if limited:
        image = from_limited_range(image)
    if container.premultiplied and image.hasalpha():
        sample, space = image.format, image.interpretation
        image = image.unpremultiply().cast(sample).copy(interpretation=space)
    return _with_colours(image, container)


def _loaded(path: Path, row: Format, reading: Reading) -> Image:
    """Without a page libvips loads the primary item (ISO/IEC 23008-12, 6.4.2), which need not be the first one."""
    return libvips.load(path, row, reading, **({"page": reading.page} if reading.page else {}))


def _is_limited_grey(container: Heif, read: Read) -> bool:
    """Whether black is 16 and white 235. libheif converts the range of colours, and not that of one channel.

    nclx holds before the AV1 sequence header (AV1 Image File Format, 2.2.1).
    """
    if not is_monochrome(container.av1):
        return False
    if container.nclx is not None:
        return not container.nclx.full_range
    full = full_range(container.av1[4:])
    if full is None and container.start is not None:
        full = full_range(read(container.start, _SEQUENCE_BYTES))
    return full is False


def _with_colours(image: Image, container: Heif) -> Image:
    """nclx holds where there is no ICC profile; with both, the profile describes the decoded RGB (MIAF, 7.3.6.4)."""
    if image.get_typeof(PROFILE) or container.nclx is None:
        return image
    space = of_code_points(container.nclx.primaries, container.nclx.transfer, grey=image.bands < 3)
    return image if space is None else mark(image, space)
