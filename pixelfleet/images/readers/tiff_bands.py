"""Classifies the bands of a TIFF: colours, alpha, or neither (TIFF 6.0, ExtraSamples)."""

import math
from dataclasses import dataclass
from typing import Final

from pixelfleet.images.bands import on_colours
from pixelfleet.images.containers.tiff_directories import Directory
from pixelfleet.images.vips import Image

_PHOTOMETRIC, _SAMPLES, _BITS, _EXTRA, _PLANAR, _SAMPLE_FORMAT = 262, 277, 258, 338, 284, 339
_TILE_WIDTH: Final = 322
_WHITE_IS_ZERO = 0
_LOG_LIGHT: Final = 32844
_FLOAT = 3
#: Colour bands by photometric interpretation: white is zero, black is zero, RGB, palette, mask, separated, YCbCr,
#: CIELab, ICCLab, ITULab, LogL, LogLuv.
_COLOURS: Final = {0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3, 10: 3, 32844: 1, 32845: 3}
_SEPARATED, _CIELAB, _ICCLAB = 5, 8, 9
#: GeoTIFF's georeferencing fields (OGC 19-008r4, 7.1: pixel scale, tie points, transformation, keys), GDAL's own
#: fields.
_RASTER: Final = frozenset({33550, 33922, 34264, 34735, 42112, 42113})
_UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Layout:
    """The first `colours` bands are colours. `alpha` is the index of the alpha band. `samples` is the number of samples
    of a pixel, `bits` the number of bits of a sample."""

    photometric: int
    samples: int
    bits: int
    colours: int
    alpha: int | None

    @property
    def signed_lab(self) -> bool:
        """8-bit CIELab without alpha. libvips treats it as its own packed Lab and rejects it."""
        return self.photometric == _CIELAB and self.bits == 8 and self.samples == 3


def layout_of(directory: Directory) -> Layout:
    """The layout that the tags of a directory declare."""
    photometric = directory.number(_PHOTOMETRIC, 1)
    samples = directory.number(_SAMPLES, 1)
    colours = min(_COLOURS.get(photometric, samples), samples)
    raster = not _RASTER.isdisjoint(directory.entries)
    alpha = _alpha(photometric, samples - colours, directory.numbers(_EXTRA), raster=raster)
    return Layout(photometric, samples, directory.number(_BITS, 1), colours, None if alpha is None else colours + alpha)


def _alpha(photometric: int, extras: int, declared: tuple[int, ...], *, raster: bool) -> int | None:
    """The first extra sample that is declared as alpha.

    One sample of unspecified meaning is alpha beside grey or RGB, as in libvips, sharp and ImageMagick 6 (TIFF 6.0 does
    not define the meaning). Beside ink, the sample is a spot colour or a selection. In a `raster` of measured bands,
    the sample is one more band: GDAL declares its alpha, and reads an undeclared sample as undefined.
    """
    for number, meaning in enumerate(declared[:extras]):
        if meaning in (_ASSOCIATED, _UNASSOCIATED):
            return number
    return 0 if extras == 1 and photometric != _SEPARATED and not raster else None


def shown_wrong(directory: Directory) -> str:
    """The kind of a picture that the decoders decode to wrong pixels without an error; empty for all other pictures.
    libvips 8.18 and Pillow 13 read one plane of CIELab as three samples of a pixel."""
    bits, photometric = directory.number(_BITS, 1), directory.number(_PHOTOMETRIC, 1)
    floats = directory.number(_SAMPLE_FORMAT, 1) == _FLOAT
    if directory.number(_PLANAR, 1) == 2 and directory.number(_SAMPLES, 1) > 1:
        if photometric == _CIELAB:
            return "CIELab in separate planes"
        if floats and bits == 16:
            return "floats of 16 bits in separate planes"
        if _TILE_WIDTH in directory.entries and _undeclared_alpha(directory):
            return "a sample of no declared meaning in tiles of separate planes"
    if bits == 32 and not floats and _ASSOCIATED in directory.numbers(_EXTRA):
        return "premultiplied integers of 32 bits"
    return ""


def _undeclared_alpha(directory: Directory) -> bool:
    """In tiles of planes, Pillow treats a sample without ExtraSamples as premultiplied alpha, and drops a sample that
    is declared as unspecified."""
    layout = layout_of(directory)
    declared = directory.numbers(_EXTRA)
    return layout.samples > layout.colours if not declared else layout.alpha is not None and not any(declared)


def meaningful(image: Image, layout: Layout) -> Image:
    """The colour bands and the alpha of an image that libvips has loaded; every other band is dropped.

    If the bands differ from the samples of the file, as for a palette, libvips has already sorted the bands.
    """
    if layout.photometric == _LOG_LIGHT and image.format == "short":
        return _linear_light(image)
    image = _as_counted(image, layout)
    if layout.photometric not in _COLOURS or image.bands != layout.samples:
        return image
    extra = image.bands > layout.colours + (layout.alpha is not None)
    moved = layout.alpha is not None and layout.alpha != layout.colours
    if extra or moved:
        image = _picked(image, layout)
    if image.interpretation == "labs" and image.bands == 4:
        return _labs_with_alpha(image)
    if layout.photometric == _SEPARATED and layout.alpha is not None and image.format == "ushort":
        # libvips converts ink to 8 bits, and leaves a 16-bit alpha unchanged.
        return (image / 257).rint().cast("uchar").copy(interpretation="cmyk")
    if layout.photometric == _ICCLAB and image.format in ("uchar", "ushort"):
        return from_lab(image, signed=False)
    return image


def _linear_light(image: Image) -> Image:
    """Linear light of the codes of LogL, which libvips shows as they are. Light is 2^((code + 0.5) / 256 - 64), and 1
    is white (Ward Larson, "The LogLuv Encoding for Full Gamut, High Dynamic Range Images", 1998)."""
    light = (((image.extract_band(0) + 0.5) / 256 - 64) * math.log(2)).exp()
    light = (image.extract_band(0) > 0).ifthenelse(light, 0).cast("float")
    return light.bandjoin([light, light]).copy(interpretation="scrgb")


def _as_counted(image: Image, layout: Layout) -> Image:
    """Converts signed samples, 16-bit floats and floats that count from white. libvips leaves these samples
    unchanged."""
    if image.format == "char":
        # No file declares the zero of signed samples. The bits are shown, as in ImageMagick, ffmpeg and Pillow.
        image = image.copy(format="uchar")
    if image.interpretation == "grey16" and image.format == "float":
        # libvips treats 16-bit floats as integers.
        image = image.copy(interpretation="b-w")
    if layout.photometric == _WHITE_IS_ZERO and image.format == "float":
        image = on_colours(image, lambda grey: 1 - grey).copy(interpretation="b-w")
    return image


def _picked(image: Image, layout: Layout) -> Image:
    space = image.interpretation
    picked = image.extract_band(0, n=layout.colours)
    if layout.alpha is not None:
        picked = picked.bandjoin(image.extract_band(layout.alpha))
    return picked.copy(interpretation=space)


def _labs_with_alpha(image: Image) -> Image:
    """Converts to float Lab. libvips holds the alpha as the bits of a signed short, with a maximum of 65,535."""
    lab = image.extract_band(0, n=3) * [100 / 32_767, 1 / 256, 1 / 256]
    alpha = (image.extract_band(3).cast("int") & 0xFFFF) / 257
    return lab.bandjoin(alpha).cast("float").copy(interpretation="lab")


def from_lab(image: Image, *, signed: bool) -> Image:
    """Float Lab of 8- or 16-bit samples (TIFF 6.0, section 23; ICCLab: Adobe's TIFF Technical Notes of 2002).

    L* is 0 to 100 over the range of the sample. a* and b* count from the middle of the range, or are `signed`.
    """
    wide = image.format == "ushort"
    unit, middle = (256.0, 128.0) if wide else (1.0, 128.0)
    full = 65_280.0 if wide else 255.0
    lab = image.extract_band(0, n=3) * [100 / full, 1 / unit, 1 / unit] - [0, *([0 if signed else middle] * 2)]
    lab = lab.cast("float").copy(interpretation="lab")
    if image.bands < 4:
        return lab
    return lab.bandjoin(image.extract_band(3) / (257.0 if wide else 1.0)).copy(interpretation="lab")
