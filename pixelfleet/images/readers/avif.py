"""AVIF: libvips decodes the pixels (libheif and dav1d or aom); the container's boxes declare colours and alpha."""

from pathlib import Path
from typing import Final

from pixelfleet.images.bands import from_limited_range, with_limited_alpha
from pixelfleet.images.colour_space import PROFILE, mark, of_code_points
from pixelfleet.images.containers.av1_sequence import full_range, is_monochrome
from pixelfleet.images.containers.heif_alpha import AlphaItem, alpha_item, without_transforms
from pixelfleet.images.containers.iso_boxes import Heif, heif
from pixelfleet.images.formats import Format
from pixelfleet.images.profiles import GREY, data_space
from pixelfleet.images.readers import libvips
from pixelfleet.images.readers.aperture import transformed
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import Read, reader_at
from pixelfleet.images.vips import Image, pyvips

#: Bytes of a coded picture that include its sequence header.
_SEQUENCE_BYTES: Final = 256
#: If `nclx` leaves all three code points unspecified, libheif also ignores the range in `nclx`. An unspecified matrix
#: is the matrix of BT.601 (MIAF, 7.3.6.4).
_UNSPECIFIED: Final = b"colrnclx\0\2\0\2\0\2"
_BT_601: Final = b"colrnclx\0\2\0\2\0\6"


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    return libvips.header_of(_loaded(path, row, reading))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    with reader_at(path) as read:
        container, alpha = heif(read), alpha_item(read)
        limited = _is_limited_grey(container, read)
        limited_alpha = alpha is not None and _sequence_range(alpha.av1, alpha.start, read) is False
    image = _mended(path, row, reading, container, alpha)
    if limited:
        image = from_limited_range(image)
    if limited_alpha and image.hasalpha():
        # Version 1.0 of AV1 Image File Format allowed a limited alpha; browsers and libavif stretch the alpha.
        image = with_limited_alpha(image)
    if container.premultiplied and image.hasalpha():
        sample, space = image.format, image.interpretation
        image = image.unpremultiply().cast(sample).copy(interpretation=space)
    return _with_colours(image, container)


def _loaded(path: Path, row: Format, reading: Reading) -> Image:
    """Without a page, libvips loads the primary item (ISO/IEC 23008-12, 6.4.2), which may not be the first item."""
    return libvips.load(path, row, reading, **({"page": reading.page} if reading.page else {}))


def _mended(path: Path, row: Format, reading: Reading, container: Heif, alpha: AlphaItem | None) -> Image:
    """Loads the image with the colours' transformations for the alpha, too, and with the range that `nclx` declares."""
    differs = alpha is not None and not reading.page and alpha.own_transforms != alpha.transforms
    unspecified = container.nclx is not None and container.nclx.code_points == (2, 2, 2)
    if not differs and not unspecified:
        return _loaded(path, row, reading)
    data = path.read_bytes().replace(_UNSPECIFIED, _BT_601)
    image = pyvips.Image.heifload_buffer(
        without_transforms(data) if differs else data,
        access="random" if reading.random_access else "sequential",
        fail_on="none" if reading.accept_truncated else "truncated",
        **({"page": reading.page} if reading.page else {}),
    )
    return transformed(image, alpha.transforms) if alpha is not None and differs else image


def _is_limited_grey(container: Heif, read: Read) -> bool:
    """Whether the picture is monochrome, black is 16 and white is 235. libheif converts the range of colours, but not
    the range of a single channel.

    nclx takes precedence over the AV1 sequence header (AV1 Image File Format, 2.2.1).
    """
    if not is_monochrome(container.av1):
        return False
    if container.nclx is not None:
        return not container.nclx.full_range
    return _sequence_range(container.av1, container.start, read) is False


def _sequence_range(configuration: bytes, start: int | None, read: Read) -> bool | None:
    """Whether a monochrome picture has full range, by the sequence header in its `av1C` or at the start of its data;
    None without a sequence header."""
    full = full_range(configuration[4:])
    return full_range(read(start, _SEQUENCE_BYTES)) if full is None and start is not None else full


def _grey(image: Image) -> Image:
    """The one channel of a monochrome picture, which libvips loads as three equal bands. A profile of grey fits only
    one band."""
    if image.bands < 3:
        return image
    bands = [image.extract_band(0), *([image.extract_band(image.bands - 1)] if image.hasalpha() else [])]
    grey = bands[0].bandjoin(bands[1:]) if len(bands) > 1 else bands[0]
    return grey.copy(interpretation="grey16" if image.format == "ushort" else "b-w")


def _with_colours(image: Image, container: Heif) -> Image:
    """nclx applies if there is no ICC profile. With both, the profile describes the decoded RGB (MIAF, 7.3.6.4)."""
    if image.get_typeof(PROFILE):
        return _grey(image) if is_monochrome(container.av1) and data_space(image.get(PROFILE)) == GREY else image
    if container.nclx is None:
        return image
    space = of_code_points(container.nclx.primaries, container.nclx.transfer, grey=image.bands < 3)
    return image if space is None else mark(image, space)
