"""YCbCr in TIFF without JPEG (TIFF 6.0, section 21). libvips shows such a picture as if it were RGB if nothing is
subsampled."""

from dataclasses import dataclass
from typing import Final

from pixelfleet.images.containers.tiff_directories import Directory
from pixelfleet.images.vips import Image, pyvips

_COMPRESSION, _PHOTOMETRIC, _COEFFICIENTS, _SUBSAMPLING, _REFERENCE = 259, 262, 529, 530, 532
_YCBCR: Final = 6
#: Both kinds of JPEG. Their decoders convert to RGB.
_JPEG: Final = (6, 7)
#: The defaults of the two fields: ITU-R BT.601, and the full range of 8 bits.
_BT601: Final = (0.299, 0.587, 0.114)
_FULL_RANGE: Final = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)
_CHROMA_RANGE: Final = 127.0


@dataclass(frozen=True, slots=True)
class YCbCr:
    """`luma`: the parts of red, green and blue in Y; `reference`: black and white of Y, Cb and Cr."""

    luma: tuple[float, ...]
    reference: tuple[float, ...]


def plain_ycbcr(directory: Directory) -> YCbCr | None:
    """The YCbCr fields of a picture; None if libvips converts the picture itself."""
    if directory.number(_PHOTOMETRIC, 1) != _YCBCR or directory.number(_COMPRESSION, 1) in _JPEG:
        return None
    if (directory.numbers(_SUBSAMPLING) or (2, 2))[:2] != (1, 1):
        return None
    luma = directory.fractions(_COEFFICIENTS)
    reference = directory.fractions(_REFERENCE)
    usable = len(luma) == 3 and all(luma)
    spread = len(reference) == 6 and all(
        white != black for black, white in zip(reference[::2], reference[1::2], strict=True)
    )
    return YCbCr(luma if usable else _BT601, reference if spread else _FULL_RANGE)


def ycbcr_to_rgb(image: Image, kind: YCbCr) -> Image:
    """The first three bands, of 8 bits, as RGB; the other bands stay."""
    red, green, blue = kind.luma
    black, white = kind.reference[::2], kind.reference[1::2]
    ranges = (255.0, _CHROMA_RANGE, _CHROMA_RANGE)
    factors = [most / (high - low) for most, low, high in zip(ranges, black, white, strict=True)]
    offsets = [-low * factor for low, factor in zip(black, factors, strict=True)]
    from_blue, from_red = 2 - 2 * blue, 2 - 2 * red
    matrix = [
        [1.0, 0.0, from_red],
        [1.0, -blue * from_blue / green, -red * from_red / green],
        [1.0, from_blue, 0.0],
    ]
    colours = image.extract_band(0, n=3).linear(factors, offsets).recomb(pyvips.Image.new_from_array(matrix))
    colours = colours.rint().cast("uchar").copy(interpretation="srgb")
    return colours.bandjoin(image.extract_band(3, n=image.bands - 3)) if image.bands > 3 else colours
