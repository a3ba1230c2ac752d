# ruff: noqa: E501 - a table of one case a line
"""The cases: how each file is made, what is right, and where the right value comes from."""

import math
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyjpegxl
import pyvips
from PIL import Image, ImageCms

from pixelfleet.images.colour_space import PRIMARIES
from pixelfleet.images.profile_maker import GammaCurve, SrgbCurve, grey_profile, matrix_profile
from tests.colour import (
    bitmap_files,
    gif_files,
    hdr,
    heif_files,
    jpeg2000_files,
    odd_files,
    pages,
    png_files,
    psd_files,
    raw_files,
)
from tests.colour.quarters import GREYS, QUARTERS, Rgba, picture, saved
from tests.colour.tiff_files import Page, quarters_page, reduced, small, tiff
from tests.colour.ultra_hdr import base, ultra_hdr

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "images"
_OPAQUE: Final[list[Rgba]] = [(*colour, 255) for colour in QUARTERS]
_GREY: Final[list[Rgba]] = [(grey, grey, grey, 255) for grey in GREYS]
_DARK_TO_WHITE: Final[list[Rgba]] = [(0, 0, 0, 255), (60, 60, 60, 255), (180, 180, 180, 255), (255, 255, 255, 255)]
#: The quarters of Display P3 in sRGB: SMPTE EG 432-1's primaries by the matrices of SMPTE RP 177, clipped.
_P3: Final[list[Rgba]] = [(218, 0, 26, 255), (0, 183, 30, 255), (34, 61, 208, 255), (232, 220, 103, 255)]
#: The same with a plain gamma of 2.2 instead of sRGB's curve.
_P3_GAMMA: Final[list[Rgba]] = [(220, 0, 17, 255), (0, 185, 23, 255), (28, 58, 209, 255), (233, 221, 103, 255)]
#: Linear samples in sRGB's curve (IEC 61966-2-1).
_LINEAR: Final[list[Rgba]] = [(229, 110, 110, 255), (110, 219, 133, 255), (110, 133, 229, 255), (244, 239, 182, 255)]
#: Linear greys of 60, 120, 180, 240 in sRGB's curve (IEC 61966-2-1).
_LINEAR_GREY: Final[list[Rgba]] = [(grey, grey, grey, 255) for grey in (132, 181, 218, 249)]
GREYS_OF_ONE: Final = ((60,), (120,), (180,), (240,))
#: Greys of high dynamic range with transparency.
_CLEAR_GREYS: Final = tuple((grey[0], 200) for grey in hdr.GREYS)
#: Lab under D50, L* 60, 70, 40, 88 (by lcms).
LAB: Final[list[Rgba]] = [(245, 90, 79, 255), (81, 193, 82, 255), (56, 69, 197, 255), (233, 222, 133, 255)]
LAB_BYTES: Final = ((153, 60, 40), (178, -50, 45), (89, 30, -70), (224, -4, 45))
_P3_PRIMARIES: Final = PRIMARIES[12]
_SRGB_PRIMARIES: Final = PRIMARIES[1]


def profile(primaries: tuple[float, ...], gamma: float | None) -> bytes:
    curve = SrgbCurve() if gamma is None else GammaCurve(gamma)
    actual = matrix_profile(primaries, curve)
    assert actual
    return actual


@dataclass(frozen=True)
class Case:
    """`oracle` names the program that is asked in the slow tests; `source` says why the value is right."""

    name: str
    make: Callable[[], bytes]
    expected: list[Rgba]
    source: str
    tolerance: int = 3
    oracle: str = ""
    size: tuple[int, int] = (64, 48)


def _log_light() -> bytes:
    """The greys as codes of light in runs: for each row first the upper bytes, then the lower bytes (libtiff,
    tif_luv.c)."""
    linear = [((grey / 255 + 0.055) / 1.055) ** 2.4 for grey in GREYS]
    codes = [round(256 * (math.log2(light) + 64) - 0.5) for light in linear]
    page = quarters_page(((0,),) * 4, photometric=32844, bits=16, sample_format=2)
    page.packed = b"".join(
        bytes((128 + 30, left, 128 + 30, right))
        for pair in (codes[:2], codes[2:])
        for _ in range(24)
        for left, right in zip(*(code.to_bytes(2, "big") for code in pair), strict=True)
    )
    page.tags = {259: (3, [34676])}
    return tiff(page)


def _floats(values: tuple[tuple[int, ...], ...] = QUARTERS) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(value / 255 for value in pixel) for pixel in values)


def _icc(content: bytes) -> dict[int, tuple[int, bytes]]:
    return {34675: (7, content)}


def _with(*extra: int) -> tuple[tuple[float, ...], ...]:
    return tuple((*colour, *extra) for colour in QUARTERS)


def _clear(opaque: list[Rgba]) -> list[Rgba]:
    """The same colours with the transparency of `_CLEAR_GREYS`."""
    return [(*colour[:3], 200) for colour in opaque]


def _alpha(*alphas: int) -> list[Rgba]:
    return [(*colour, alpha) for colour, alpha in zip(QUARTERS, alphas, strict=True)]


def _ink(*extra: int) -> tuple[tuple[float, ...], ...]:
    return tuple(
        (*pixel, *extra) for pixel in ((10, 200, 200, 20), (200, 10, 190, 20), (220, 200, 10, 20), (20, 30, 120, 5))
    )


def _highlights() -> Page:
    """Greys from 0 to 1 with one pixel that is brighter than white."""
    page = quarters_page(tuple((grey / 255,) for grey in GREYS), photometric=1, bits=32, sample_format=3)
    page.pixels = [list(row) for row in page.pixels]
    page.pixels[0][0] = (1.2,)
    return page


def _twelve_bits() -> Page:
    """Two samples in three bytes (TIFF 6.0: samples are packed)."""
    page = quarters_page(tuple((grey * 4095 // 255,) for grey in GREYS), photometric=1, bits=12)
    numbers = [int(pixel[0]) for row in page.pixels for pixel in row]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    page.packed = b"".join(bytes((one >> 4, (one & 15) << 4 | other >> 8, other & 255)) for one, other in pairs)
    return page


def _tiled_planes() -> bytes:
    raw = pyvips.Image.new_from_memory(picture().tobytes(), 64, 48, 3, "uchar").copy(interpretation="srgb")
    planes = [raw.extract_band(band) for band in range(3)]
    page = quarters_page(QUARTERS)
    page.packed = b"".join(plane.write_to_memory() for plane in planes)
    sizes = {
        322: (4, [64]),
        323: (4, [48]),
        325: (4, [64 * 48] * 3),
        284: (3, [2]),
        324: (4, [8, 8 + 64 * 48, 8 + 2 * 64 * 48]),
    }
    page.tags = sizes
    return tiff(page)


def _palette(bits: int, extra: tuple[int, ...] = ()) -> bytes:
    """The quarters by number, with a ColorMap (TIFF 6.0, section 5)."""
    count = 1 << bits
    entries = [
        [value * 257 for value in (*(colour[band] for colour in QUARTERS), *[0] * (count - 4))] for band in range(3)
    ]
    page = quarters_page(
        ((0, *extra), (1, *extra), (2, *extra), (3, *extra)), photometric=3, bits=bits, extra=(2,) if extra else ()
    )
    page.tags = {320: (3, [value for band in entries for value in band])}
    if bits < 8:
        numbers = [int(pixel[0]) for row in page.pixels for pixel in row]
        at_once = 8 // bits
        cells = [numbers[at : at + at_once] for at in range(0, len(numbers), at_once)]
        page.packed = bytes(
            sum(number << 8 - bits * (place + 1) for place, number in enumerate(cell)) for cell in cells
        )
    return tiff(page)


def _ycbcr(luma: tuple[float, float, float], *, studio: bool, tagged: bool = True) -> bytes:
    """The quarters by the equations of TIFF 6.0, section 21; `studio`: Y from 16 to 235, Cb and Cr from 16 to 240."""
    red, _, blue = luma
    pixels = []
    for colour in QUARTERS:
        light = sum(part * value for part, value in zip(luma, colour, strict=True))
        differences = (light, (colour[2] - light) / (2 - 2 * blue), (colour[0] - light) / (2 - 2 * red))
        scales = ((219 / 255, 16), (112 / 127, 128), (112 / 127, 128)) if studio else ((1, 0), (1, 128), (1, 128))
        pixels.append(
            tuple(round(value * scale + base) for value, (scale, base) in zip(differences, scales, strict=True))
        )
    page = quarters_page(tuple(pixels), photometric=6)
    reference = (16, 235, 128, 240, 128, 240) if studio else (0, 255, 128, 255, 128, 255)
    page.tags = {530: (3, [1, 1])}
    if tagged:
        page.tags |= {529: (5, _fractions(luma)), 532: (5, _fractions(reference))}
    return tiff(page)


def _planar_ycbcr() -> bytes:
    content = _ycbcr((0.299, 0.587, 0.114), studio=False, tagged=False)
    # The pixels lie at byte 8, and every tag behind them.
    samples = content[8 : 8 + 3 * 64 * 48]
    planes = b"".join(samples[band::3] for band in range(3))
    page = quarters_page(QUARTERS, photometric=6)
    page.packed = planes
    starts = (4, [8 + band * 64 * 48 for band in range(3)])
    page.tags = {530: (3, [1, 1]), 284: (3, [2]), 273: starts, 279: (4, [64 * 48] * 3)}
    return tiff(page)


def _fractions(values: tuple[float, ...]) -> bytes:
    return struct.pack(f"<{2 * len(values)}I", *(part for value in values for part in (round(value * 10_000), 10_000)))


def _signed() -> Page:
    page = quarters_page(tuple((grey,) for grey in GREYS), photometric=1)
    page.packed, page.sample_format = page.samples(), 2
    return page


def _premultiplied_avif() -> bytes:
    shown = picture(tuple((*colour, alpha) for colour, alpha in zip(QUARTERS, (255, 128, 0, 255), strict=True)), "RGBA")
    return saved(shown, "AVIF", quality=100, subsampling="4:4:4", speed=8, alpha_premultiplied=True)


TIFF: Final = (
    Case("float with Display P3", lambda: tiff(quarters_page(_floats(), bits=32, sample_format=3, tags=_icc(profile(_P3_PRIMARIES, None)))), _P3, "ICC.1: the profile gives the samples' meaning"),
    Case("float with linear sRGB", lambda: tiff(quarters_page(_floats(), bits=32, sample_format=3, tags=_icc(profile(_SRGB_PRIMARIES, 1.0)))), _LINEAR, "ICC.1"),
    Case("float with sRGB", lambda: tiff(quarters_page(_floats(), bits=32, sample_format=3, tags=_icc(profile(_SRGB_PRIMARIES, None)))), _OPAQUE, "ICC.1"),
    Case("float grey with a highlight", lambda: tiff(_highlights()), _GREY, "0 is black and 1 is white; more is clipped", oracle="imagemagick"),
    Case("32-bit grey", lambda: tiff(quarters_page(tuple((grey * 16_843_009,) for grey in GREYS), photometric=1, bits=32)), _GREY, "TIFF 6.0: the whole range of the sample", oracle="imagemagick"),
    Case("32-bit RGB", lambda: tiff(quarters_page(tuple(tuple(v * 16_843_009 for v in colour) for colour in QUARTERS), bits=32)), _OPAQUE, "TIFF 6.0", oracle="imagemagick"),
    Case("16-bit float grey", lambda: tiff(quarters_page(tuple((grey / 255,) for grey in GREYS), photometric=1, bits=16, sample_format=3)), _GREY, "0 is black and 1 is white"),
    Case("float grey, white is zero", lambda: tiff(quarters_page(tuple((1 - grey / 255,) for grey in GREYS), photometric=0, bits=32, sample_format=3)), _GREY, "TIFF 6.0: 0 is white"),
    Case("16-bit ink with alpha", lambda: tiff(quarters_page(tuple((200 * 257, 10 * 257, 190 * 257, 20 * 257, alpha * 257) for alpha in (255, 128, 64, 255)), photometric=5, bits=16, extra=(2,))), [(2, 148, 98, alpha) for alpha in (255, 128, 64, 255)], "TIFF 6.0, ExtraSamples 2", 60),
    Case("12-bit grey", lambda: tiff(_twelve_bits()), _GREY, "TIFF 6.0", oracle="imagemagick"),
    Case("palette of 8 bits", lambda: _palette(8), _OPAQUE, "TIFF 6.0, section 5", oracle="imagemagick"),
    Case("palette of 4 bits", lambda: _palette(4), _OPAQUE, "TIFF 6.0, section 5", oracle="imagemagick"),
    Case("palette of 2 bits", lambda: _palette(2), _OPAQUE, "TIFF 6.0, section 5", oracle="imagemagick"),
    Case("palette with alpha", lambda: _palette(8, (128,)), _alpha(128, 128, 128, 128), "TIFF 6.0, sections 5 and 18", oracle="imagemagick"),
    Case("YCbCr", lambda: _ycbcr((0.299, 0.587, 0.114), studio=False, tagged=False), _OPAQUE, "TIFF 6.0, section 21", oracle="tiff2rgba"),
    Case("YCbCr of BT.709", lambda: _ycbcr((0.2126, 0.7152, 0.0722), studio=False), _OPAQUE, "TIFF 6.0, section 21", oracle="tiff2rgba"),
    Case("YCbCr of BT.709 from 16 to 235", lambda: _ycbcr((0.2126, 0.7152, 0.0722), studio=True), _OPAQUE, "TIFF 6.0, section 21", oracle="tiff2rgba"),
    Case("YCbCr in planes", _planar_ycbcr, _OPAQUE, "TIFF 6.0, section 21", oracle="imagemagick"),
    Case("grey of 8 signed bits", lambda: tiff(_signed()), _GREY, "no file says what signed samples count from: as ImageMagick, ffmpeg, Pillow", oracle="imagemagick"),
    Case("tiles of separate planes", _tiled_planes, _OPAQUE, "TIFF 6.0, section 15", oracle="imagemagick"),
    Case("8-bit CIELab", lambda: tiff(quarters_page(tuple((lab[0], lab[1] & 255, lab[2] & 255) for lab in LAB_BYTES), photometric=8)), LAB, "TIFF 6.0, section 23"),
    Case("8-bit ICCLab", lambda: tiff(quarters_page(tuple((lab[0], lab[1] + 128, lab[2] + 128) for lab in LAB_BYTES), photometric=9)), LAB, "Adobe, TIFF Technical Notes (2002), ICCLab"),
    Case("16-bit ICCLab", lambda: tiff(quarters_page(tuple((lab[0] * 256, (lab[1] + 128) * 256, (lab[2] + 128) * 256) for lab in LAB_BYTES), photometric=9, bits=16)), LAB, "Adobe, ICCLab"),
    Case("8-bit CIELab with alpha", lambda: tiff(quarters_page(tuple((lab[0], lab[1] & 255, lab[2] & 255, 128) for lab in LAB_BYTES), photometric=8, extra=(2,))), [(*lab[:3], 128) for lab in LAB], "TIFF 6.0, section 23"),
    Case("grey with a profile of linear RGB", lambda: tiff(quarters_page(GREYS_OF_ONE, photometric=1, tags=_icc(profile(_SRGB_PRIMARIES, 1.0)))), _LINEAR_GREY, "ICC.1: red, green and blue are equal; browsers do so for JPEG"),
    Case("16-bit grey and alpha with a profile of linear RGB", lambda: tiff(quarters_page(tuple((grey * 257, 128 * 257) for (grey,) in GREYS_OF_ONE), photometric=1, bits=16, extra=(2,), tags=_icc(profile(_SRGB_PRIMARIES, 1.0)))), [(*grey[:3], 128) for grey in _LINEAR_GREY], "ICC.1: red, green and blue are equal"),
    Case("light of 16 bits (LogL)", _log_light, [(grey, grey, grey, 255) for grey in GREYS], "SGI's LogLuv: light is 2^((code + 0.5) / 256 - 64); IEC 61966-2-1", 1),
    Case("RGB with alpha", lambda: tiff(quarters_page(tuple((*c, a) for c, a in zip(QUARTERS, (255, 128, 0, 255), strict=True)), extra=(2,))), _alpha(255, 128, 0, 255), "TIFF 6.0, ExtraSamples 2", oracle="imagemagick"),
    Case("RGB with premultiplied alpha", lambda: tiff(quarters_page(((200, 40, 40, 255), (20, 90, 30, 128), (0, 0, 0, 0), (230, 220, 120, 255)), extra=(1,))), _alpha(255, 128, 0, 255), "TIFF 6.0, ExtraSamples 1", oracle="imagemagick"),
    Case("RGB with one unspecified sample", lambda: tiff(quarters_page(_with(90), extra=(0,))), _alpha(90, 90, 90, 90), "contested; as libvips, sharp, ImageMagick 6", oracle="libvips"),
    Case("RGB with an unspecified sample of a raster", lambda: tiff(quarters_page(_with(90), extra=(0,), tags={42113: (2, b"0\0")})), _OPAQUE, "GDAL: an alpha is declared, near infrared is not"),
    Case("RGB with the declared alpha of a raster", lambda: tiff(quarters_page(_with(90), extra=(2,), tags={42113: (2, b"0\0")})), _alpha(90, 90, 90, 90), "TIFF 6.0, ExtraSamples 2"),
    Case("RGB with two unspecified samples", lambda: tiff(quarters_page(_with(90, 7), extra=(0, 0))), _OPAQUE, "TIFF 6.0: unspecified is no alpha"),
    Case("RGB with a mask and then alpha", lambda: tiff(quarters_page(_with(9, 128), extra=(0, 2))), _alpha(128, 128, 128, 128), "TIFF 6.0: the declared one"),
    Case("RGB with alpha and then a mask", lambda: tiff(quarters_page(_with(128, 9), extra=(2, 0))), _alpha(128, 128, 128, 128), "TIFF 6.0: the declared one"),
    Case("16-bit RGB with two unspecified samples", lambda: tiff(quarters_page(tuple((*(v * 257 for v in c), 9, 9) for c in QUARTERS), bits=16, extra=(0, 0))), _OPAQUE, "TIFF 6.0"),
    Case("grey with two unspecified samples", lambda: tiff(quarters_page(tuple((grey, 9, 9) for grey in GREYS), photometric=1, extra=(0, 0))), _GREY, "TIFF 6.0"),
    Case("four bands of black is zero", lambda: tiff(quarters_page(tuple((grey, 9, 9, 40) for grey in GREYS), photometric=1, extra=(0, 0, 0))), _GREY, "TIFF 6.0: the first is the grey"),
    Case("ink with a selection", lambda: tiff(quarters_page(_ink(0), photometric=5, extra=(0,))), [(212, 79, 69, 255), (2, 148, 98, 255), (66, 69, 137, 255), (230, 206, 140, 255)], "TIFF 6.0: unspecified is no alpha", 60),
    Case("ink with two spots", lambda: tiff(quarters_page(_ink(0, 0), photometric=5, extra=(0, 0))), [(212, 79, 69, 255), (2, 148, 98, 255), (66, 69, 137, 255), (230, 206, 140, 255)], "TIFF 6.0: the four inks are the picture", 60),
    Case("ink with three spots", lambda: tiff(quarters_page(_ink(0, 0, 0), photometric=5, extra=(0, 0, 0))), [(212, 79, 69, 255), (2, 148, 98, 255), (66, 69, 137, 255), (230, 206, 140, 255)], "TIFF 6.0", 60),
    Case("a thumbnail first", lambda: tiff(small(), quarters_page(QUARTERS)), _OPAQUE, "TIFF 6.0, NewSubfileType bit 0"),
    Case("a thumbnail above its picture", lambda: tiff(Page(small().pixels, tags=small().tags, below=(quarters_page(QUARTERS),))), _OPAQUE, "TIFF/EP: the full picture in a directory below"),
    Case("a thumbnail alone", lambda: tiff(reduced(quarters_page(QUARTERS))), _OPAQUE, "there is no other picture"),
)  # fmt: skip

PNG: Final = (
    Case("cICP of Display P3", lambda: png_files.png(png_files.cicp(12, 13)), _P3, "PNG, third edition, 11.3.2.6", 4),
    Case("cICP of sRGB over iCCP", lambda: png_files.png(png_files.cicp(1, 13), icc_profile=profile(_P3_PRIMARIES, None)), _OPAQUE, "PNG, third edition, 4.3"),
    Case("iCCP over gAMA", lambda: png_files.png(png_files.gama(1.0), icc_profile=profile(_P3_PRIMARIES, None)), _P3, "PNG, third edition, 4.3", 4),
    Case("sRGB over gAMA", lambda: png_files.png(png_files.gama(1.0), (b"sRGB", b"\0")), _OPAQUE, "PNG, third edition, 4.3"),
    Case("gAMA 1.0", lambda: png_files.png(png_files.gama(1.0)), _LINEAR, "PNG, third edition, 13.13", oracle="imagemagick"),
    Case("gAMA of sRGB", lambda: png_files.png(png_files.gama(0.45455)), _OPAQUE, "libpng: within 5 per cent it is sRGB"),
    Case("gAMA and cHRM of P3", lambda: png_files.png(png_files.gama(0.45455), png_files.chrm(*_P3_PRIMARIES)), _P3_GAMMA, "PNG, third edition, 13.14", 4),
    Case("cHRM that spans nothing", lambda: png_files.png(png_files.chrm(0.3, 0.3, *[0.5] * 6)), _OPAQUE, "nonsense says nothing"),
    Case("cICP of BT.2020 with PQ", lambda: png_files.png(png_files.cicp(9, 16), made=picture(hdr.GREYS)), hdr.of_pq(hdr.GREYS), "ITU-R BT.2100, table 4; BT.2408: 203 cd/m² is white", 2),
    Case("colours of BT.2020 with PQ", lambda: png_files.png(png_files.cicp(9, 16), made=picture(hdr.COLOURS)), hdr.of_pq(hdr.COLOURS), "ITU-R BT.2100, table 4; BT.2087", 2),
    Case("shadows of BT.2020 with PQ", lambda: png_files.png(png_files.cicp(9, 16), made=picture(hdr.SHADOWS)), hdr.of_pq(hdr.SHADOWS), "ITU-R BT.2100, table 4; BT.2087; by zimg in the slow tests", 2),
    Case("cICP of BT.2020 with HLG", lambda: png_files.png(png_files.cicp(9, 18), made=picture(hdr.GREYS)), hdr.of_hlg(hdr.GREYS), "ITU-R BT.2100, table 5, at 1,000 cd/m²", 2),
    Case("cICP of PQ in grey with alpha", lambda: png_files.png(png_files.cicp(9, 16), made=picture(_CLEAR_GREYS, "LA")), _clear(hdr.of_pq(hdr.GREYS)), "ITU-R BT.2100, table 4", 2),
    Case("cICP of HLG in grey with alpha", lambda: png_files.png(png_files.cicp(9, 18), made=picture(_CLEAR_GREYS, "LA")), _clear(hdr.of_hlg(hdr.GREYS)), "ITU-R BT.2100, table 5", 2),
    Case("colours of BT.2020 with HLG", lambda: png_files.png(png_files.cicp(9, 18), made=picture(hdr.COLOURS)), hdr.of_hlg(hdr.COLOURS), "ITU-R BT.2100, table 5; BT.2087", 2),
    Case("shadows of BT.2020 with HLG", lambda: png_files.png(png_files.cicp(9, 18), made=picture(hdr.SHADOWS)), hdr.of_hlg(hdr.SHADOWS), "ITU-R BT.2100, table 5; by zimg in the slow tests", 2),
    Case("gAMA 1.0 of a grey", lambda: png_files.png(png_files.gama(1.0), made=picture(((60,), (120,), (180,), (240,)), "L")), [(132, 132, 132, 255), (181, 181, 181, 255), (218, 218, 218, 255), (249, 249, 249, 255)], "PNG, third edition, 13.13; IEC 61966-2-1", oracle="imagemagick"),
    Case("a profile with a cicp tag of PQ", lambda: png_files.png(made=picture(hdr.COLOURS), icc_profile=png_files.with_cicp_tag(profile(PRIMARIES[9], None), 9, 16)), hdr.of_pq(hdr.COLOURS), "ICC.1:2022, 9.2.17: the samples are encoded by these code points", 2),
    Case("a profile with a cicp tag of sRGB's curve", lambda: png_files.png(icc_profile=png_files.with_cicp_tag(profile(_P3_PRIMARIES, None), 12, 13)), _P3, "ICC.1: the profile itself", 4),
    Case("cICP of BT.709 with SMPTE 240M's curve", lambda: png_files.png(png_files.cicp(1, 7)), _OPAQUE, "ITU-T H.273: a camera's curve, shown as BT.709's"),
    Case("cICP of Display P3 with xvYCC's curve", lambda: png_files.png(png_files.cicp(12, 11)), _P3, "ITU-T H.273: within 0 to 1 BT.709's curve", 4),
    Case("cICP of narrow range", lambda: png_files.png((b"cICP", bytes((1, 13, 0, 0))), made=picture(tuple(tuple(round(16 + value * 219 / 255) for value in colour) for colour in QUARTERS))), _OPAQUE, "PNG, third edition, 11.3.2.6: black is 16 and white 235"),
    Case("cICP that is unspecified", lambda: png_files.png(png_files.cicp(2, 2)), _OPAQUE, "ITU-T H.273: 2 is unspecified"),
)  # fmt: skip


def _jxl_of_pq(made: Image.Image) -> bytes:
    """A codestream of grey that declares PQ (16) in the place of sRGB's curve (13): four bits of the enumeration, from 2
    on (ISO/IEC 18181-1, B.2.4 and D.3.5). libjxl's probe says that they are these."""
    content = _jxl(made)
    bits = int.from_bytes(content, "little")
    for at in range(16, 128):
        if bits >> at & 15 == 13 - 2:
            changed = (bits ^ ((13 - 2) ^ (16 - 2)) << at).to_bytes(len(content), "little")
            with suppress(RuntimeError, ValueError):
                if "_PeQ".encode("utf-16-be") in (pyjpegxl.probe(changed).icc or b""):
                    return changed
    raise AssertionError("no bits of a transfer function were found")


def _jxl(made: Image.Image, **options: Any) -> bytes:
    return pyjpegxl.encode(made.tobytes(), *made.size, lossless=True, num_channels=len(made.getbands()), **options)


DOCUMENTS: Final = (
    Case("JPEG XL", lambda: _jxl(picture()), _OPAQUE, "without loss"),
    Case("JPEG XL with transparency", lambda: _jxl(picture(tuple((*colour, 128) for colour in QUARTERS), "RGBA")), _alpha(128, 128, 128, 128), "without loss"),
    Case("JPEG XL of one channel", lambda: _jxl(picture(GREYS_OF_ONE, "L")), _GREY, "without loss"),
    Case("JPEG XL with a P3 profile", lambda: _jxl(picture(), icc=profile(_P3_PRIMARIES, None)), _P3, "ISO/IEC 18181-1, annex D: the profile of the codestream"),
    Case("JPEG XL of one channel with PQ", lambda: _jxl_of_pq(picture(tuple(grey[:1] for grey in hdr.GREYS), "L")), hdr.of_pq(hdr.GREYS), "ITU-R BT.2100", 2),
    Case("JPEG XL of one channel and transparency with PQ", lambda: _jxl_of_pq(picture(_CLEAR_GREYS, "LA")), _clear(hdr.of_pq(hdr.GREYS)), "ITU-R BT.2100", 2),
    Case("JPEG XL with a profile of PQ", lambda: _jxl(picture(hdr.COLOURS), icc=png_files.with_cicp_tag(profile(PRIMARIES[9], None), 9, 16)), hdr.of_pq(hdr.COLOURS), "ICC.1:2022, 9.2.17", 2),
    Case("PDF", lambda: pages.pdf(pages.quarters_page(72, 36)), _OPAQUE, "ISO 32000-1, 8.6.4.3: red, green and blue of the device", 1, size=(150, 75)),
    Case("PDF of a turned page", lambda: pages.pdf(pages.quarters_page(72, 36, "/Rotate 180")), _OPAQUE[::-1], "ISO 32000-1, table 30: clockwise", 1, size=(150, 75)),
    Case("PDF of ink", lambda: pages.pdf(pages.Page("/MediaBox [0 0 72 36]", "0 0 0 0.5 k 0 0 72 36 re f")), [(147, 149, 152, 255)] * 4, "half of the black of U.S. Web Coated (SWOP), as Acrobat shows it: #939598", 2, size=(150, 75)),
    Case("DNG, developed", raw_files.dng, [(*colour, 255) for colour in raw_files.SEEN], "DNG 1.4: a camera with the primaries of sRGB", 2),
    Case("DNG with a preview", lambda: raw_files.dng(preview=raw_files.preview_of(64, 48)), _OPAQUE, "the camera's own picture", 6),
    Case("DNG turned to the right", lambda: raw_files.dng(orientation=6), [(*raw_files.SEEN[at], 255) for at in (2, 0, 3, 1)], "EXIF 2.32, 4.6.4", 2, size=(48, 64)),
)  # fmt: skip

OTHERS: Final = (
    Case("AVIF with nclx of Display P3", lambda: heif_files.avif(12, 13), _P3, "MIAF, 7.3.6.4", 6),
    Case("JPEG with a gain map", lambda: ultra_hdr(base()), _OPAQUE, "Ultra HDR Image Format 1.0: the primary image", 4, oracle="pillow"),
    Case("AVIF with nclx of PQ", lambda: heif_files.avif(9, 16, picture(hdr.COLOURS)), hdr.of_pq(hdr.COLOURS), "ITU-R BT.2100, table 4", 8),
    Case("AVIF with nclx of HLG", lambda: heif_files.avif(9, 18, picture(hdr.COLOURS)), hdr.of_hlg(hdr.COLOURS), "ITU-R BT.2100, table 5", 8),
    Case("AVIF with nclx of sRGB", lambda: heif_files.avif(1, 13), _OPAQUE, "MIAF, 7.3.6.4", 4, oracle="avifdec"),
    Case("AVIF of one channel from 16 to 235", lambda: heif_files.grey_avif("grey-limited"), _DARK_TO_WHITE, "AV1 Image File Format: nclx", 2, oracle="pillow"),
    Case("AVIF of one channel from 16 to 235, 10 bit", lambda: heif_files.grey_avif("grey-limited-10bit"), _DARK_TO_WHITE, "AV1 Image File Format: nclx", 2, oracle="pillow"),
    Case("AVIF of one channel without nclx", lambda: heif_files.grey_avif("grey-limited", nclx=False), _DARK_TO_WHITE, "AV1: color_range of the sequence header", 2, oracle="pillow"),
    Case("AVIF of one channel in full range", lambda: heif_files.grey_avif("grey-limited", full=True), [(16, 16, 16, 255), (68, 68, 68, 255), (171, 171, 171, 255), (235, 235, 235, 255)], "AV1 Image File Format: nclx over the sequence header", 2, oracle="pillow"),
    Case("AVIF of one channel with a profile of linear grey", lambda: saved(picture(GREYS_OF_ONE, "L"), "AVIF", quality=100, icc_profile=grey_profile(GammaCurve(1.0))), _LINEAR_GREY, "ICC.1; as browsers"),
    Case("JPEG of grey with a profile of linear RGB", lambda: saved(picture(GREYS_OF_ONE, "L"), "JPEG", quality=98, icc_profile=profile(_SRGB_PRIMARIES, 1.0)), _LINEAR_GREY, "ICC.1: red, green and blue are equal; as browsers"),
    Case("AVIF with premultiplied alpha", _premultiplied_avif, _alpha(255, 128, 0, 255), "MIAF, 7.3.5.2", 6, oracle="avifdec"),
    Case("AV1 in mif1", heif_files.mif1_with_av1, _OPAQUE, "ISO/IEC 23008-12: the item's type decides", 4),
    Case("HEIC with nclx of Display P3", lambda: heif_files.heic(12, 13), _P3, "MIAF, 7.3.6.4", 6),
    Case("HEIC with nclx of sRGB", lambda: heif_files.heic(1, 13), _OPAQUE, "MIAF, 7.3.6.4", 4, oracle="heif-convert"),
    Case("HEIC of 10 bits with PQ", heif_files.pq_heic, _GREY, "ITU-R BT.2408", 45),
    Case("JPEG 2000 with a P3 profile", lambda: jpeg2000_files.jp2(profile(_P3_PRIMARIES, None)), _P3, "ITU-T T.800, I.5.3.3"),
    Case("PSD with a saved selection", lambda: psd_files.psd(3, 8, psd_files.planes(tuple((*c, 0) for c in QUARTERS))), _OPAQUE, "Adobe: alpha only where the layer count is negative", oracle="imagemagick"),
    Case("PSD with transparency", lambda: psd_files.psd(3, 8, psd_files.planes(psd_files.on_white(QUARTERS, 128)), layers=-1), _alpha(128, 128, 128, 128), "Adobe: a negative layer count; Photoshop merges on white"),
    Case("PSD with transparency, not on white", lambda: psd_files.psd(3, 8, psd_files.planes(tuple((*c, 128) for c in QUARTERS)), layers=-1), _alpha(128, 128, 128, 128), "too dark to be on white"),
    Case("grey PSD with transparency", lambda: psd_files.psd(1, 8, psd_files.planes(psd_files.on_white(tuple((grey,) for grey in GREYS), 128)), layers=-1), [(*grey[:3], 128) for grey in _GREY], "Adobe: a negative layer count"),
    Case("PSD of 16 bits", lambda: psd_files.psd(3, 16, psd_files.planes(QUARTERS, 16)), _OPAQUE, "Adobe", oracle="imagemagick"),
    Case("PSD of 16 bits with transparency", lambda: psd_files.psd(3, 16, psd_files.planes(psd_files.on_white(QUARTERS, 128), 16), deep_layers=-1), _alpha(128, 128, 128, 128), "Adobe: the block Lr16 has the layers", 4),
    Case("PSD of 16 bits with a profile", lambda: psd_files.psd(3, 16, psd_files.planes(QUARTERS, 16), resources=psd_files.psd_resource(1039, profile(_P3_PRIMARIES, None))), _P3, "Adobe, image resource 1039"),
    Case("grey PSD of 16 bits", lambda: psd_files.psd(1, 16, psd_files.planes(tuple((grey,) for grey in GREYS), 16)), _GREY, "Adobe", oracle="imagemagick"),
    Case("Lab PSD of 16 bits", lambda: psd_files.psd(9, 16, psd_files.planes(tuple((lab[0], lab[1] + 128, lab[2] + 128) for lab in LAB_BYTES), 16)), LAB, "Adobe; Lab under D50"),
    Case("PSD in runs", psd_files.psd_in_runs, _OPAQUE, "Adobe, PackBits", oracle="imagemagick"),
    Case("PSB", lambda: psd_files.psd(3, 8, psd_files.planes(QUARTERS), version=2), _OPAQUE, "Adobe: lengths of eight bytes", oracle="imagemagick"),
    Case("PSB of 16 bits with transparency", lambda: psd_files.psd(3, 16, psd_files.planes(psd_files.on_white(QUARTERS, 128), 16), version=2, deep_layers=-1), _alpha(128, 128, 128, 128), "Adobe: lengths of eight bytes", 4),
    Case("PSB in runs", lambda: psd_files.psd_in_runs(2), _OPAQUE, "Adobe: lengths of rows have four bytes", oracle="imagemagick"),
    Case("PSD bitmap", lambda: psd_files.psd(0, 1, [psd_files.bitmap_plane()]), [(0, 0, 0, 255), (255, 255, 255, 255), (255, 255, 255, 255), (0, 0, 0, 255)], "Adobe: 1 is black", oracle="imagemagick"),
    Case("ICO with alpha 0 throughout", lambda: bitmap_files.icon(0), _OPAQUE, "Windows and browsers: the mask holds (ImageMagick 6 shows nothing)", size=(32, 32)),
    Case("ICO with alpha 0 throughout and a mask", lambda: bitmap_files.icon(0, mask=True), [*_OPAQUE[:2], *[(0, 0, 0, 0)] * 2], "Windows: the mask holds", size=(32, 32)),
    Case("ICO with alpha 255", lambda: bitmap_files.icon(255), _OPAQUE, "as declared", oracle="imagemagick", size=(32, 32)),
    Case("ICO with alpha 128", lambda: bitmap_files.icon(128, mask=True), _alpha(128, 128, 128, 128), "as declared: the mask is for those who show no alpha", oracle="imagemagick", size=(32, 32)),
    Case("CUR with alpha 128", lambda: bitmap_files.icon(128, kind=2), _alpha(128, 128, 128, 128), "the bitmap's own head; the directory has the hot spot", size=(32, 32)),
    Case("CUR with alpha 0 throughout and a mask", lambda: bitmap_files.icon(0, mask=True, kind=2), [*_OPAQUE[:2], *[(0, 0, 0, 0)] * 2], "Windows: the mask holds", size=(32, 32)),
    Case("JPEG 2000 with a palette", lambda: jpeg2000_files.jp2_with_palette(0, 1, 2), _OPAQUE, "ITU-T T.800, I.5.3.4", oracle="imagemagick"),
    Case("JPEG 2000 with a palette of blue, red, green", lambda: jpeg2000_files.jp2_with_palette(1, 2, 0), _OPAQUE, "ITU-T T.800, I.5.3.5"),
    Case("AVIF whose alpha lacks the turn of the colours", (FIXTURES / "alpha-not-turned.avif").read_bytes, [(200, 40, 40, 255), (40, 60, 200, 64), (40, 180, 60, 128), (0, 0, 0, 0)], "libavif and browsers turn both", size=(48, 64)),
    Case("AVIF whose alpha lacks the crop of the colours", (FIXTURES / "alpha-not-cropped.avif").read_bytes, [(40, 180, 60, 128)] * 2 + [(0, 0, 0, 0)] * 2, "as with a turn", size=(20, 16)),
    Case("AVIF whose alpha counts from 16 to 235", (FIXTURES / "alpha-limited.avif").read_bytes, [(200, 40, 40, 255), (40, 180, 60, 130), (40, 60, 200, 56), (0, 0, 0, 0)], "AV1 Image File Format 1.0, 4.1: later versions forbid the range, libavif stretches it", oracle="pillow"),
    Case("AVIF whose nclx says the range alone", lambda: heif_files.avif_of_limited_samples(2), [(189, 49, 49, 255), (49, 171, 67, 255), (49, 67, 189, 255), (216, 207, 119, 255)], "AV1 Image File Format, 2.2.1: nclx over the sequence header", oracle="pillow"),
    Case("AVIF whose nclx says range and matrix alone", lambda: heif_files.avif_of_limited_samples(6), [(189, 49, 49, 255), (49, 171, 67, 255), (49, 67, 189, 255), (216, 207, 119, 255)], "AV1 Image File Format, 2.2.1", oracle="pillow"),
    Case("AVIF whose primary item is the second", heif_files.avif_with_a_second_item_as_primary, _OPAQUE, "ISO/IEC 23008-12, 6.4.2", 6, oracle="avifdec"),
    Case("FITS of floats", odd_files.fits, [(0, 0, 0, 255), (85, 85, 85, 255), (170, 170, 170, 255), (255, 255, 255, 255)], "from the lowest to the highest value, as programs for FITS show it at first"),
    Case("BMP of 16 bits, 5-6-5", lambda: bitmap_files.bmp((0xF800, 0x07E0, 0x001F, 0), 16), _OPAQUE, "Microsoft, BITMAPINFOHEADER", 5, oracle="imagemagick"),
    Case("BMP of 16 bits, 2-3-1 from below", lambda: bitmap_files.bmp((0x30, 0x0E, 0x01, 0), 16), [(170, 36, 0, 255), (0, 182, 0, 255), (0, 73, 255, 255), (255, 219, 0, 255)], "Microsoft: any bits"),
    Case("BMP of 32 bits, 11-11-10", lambda: bitmap_files.bmp((0xFFE00000, 0x001FFC00, 0x3FF, 0), 32), _OPAQUE, "Microsoft: any bits"),
    Case("BMP of 32 bits, red in the highest byte", lambda: bitmap_files.bmp((0xFF000000, 0xFF0000, 0xFF00, 0), 32), _OPAQUE, "Microsoft", oracle="ffmpeg"),
    Case("BMP of 16 bits with alpha, 4-4-4-4", lambda: bitmap_files.bmp((0xF00, 0xF0, 0xF, 0xF000), 16, header=124), _alpha(136, 136, 136, 136), "Microsoft, BITMAPV5HEADER", 9),
    Case("BMP of 32 bits with alpha behind a short header", lambda: bitmap_files.bmp((0xFF0000, 0xFF00, 0xFF, 0xFF000000), 32, compression=6), _alpha(128, 128, 128, 128), "Microsoft, BI_ALPHABITFIELDS"),
    Case("DIB of 32 bits, blue in the highest byte", lambda: bitmap_files.bmp((0xFF00, 0xFF0000, 0xFF000000, 0), 32, file=False), _OPAQUE, "Microsoft"),
    Case("JPEG with bytes between its first two markers", odd_files.jpeg_with_a_gap, _OPAQUE, "libjpeg skips them, with a warning", 6, oracle="imagemagick"),
    Case("TGA with runs over the ends of rows", bitmap_files.tga_of_long_runs, _OPAQUE, "TGA 1.0", oracle="imagemagick"),
    Case("TGA of 15 bits", lambda: bitmap_files.tga_of_15_bits(2), _OPAQUE, "TGA 2.0, field 5.5", 8, oracle="imagemagick"),
    Case("TGA with a palette of 15 bits", lambda: bitmap_files.tga_of_15_bits(1), _OPAQUE, "TGA 2.0, field 4.3", 8, oracle="imagemagick"),
    Case("TGA with a palette that is not used", bitmap_files.tga_with_a_spare_palette, _OPAQUE, "TGA 2.0, field 2: RGB may have a palette", oracle="imagemagick"),
    Case("TGA with alpha in its palette", bitmap_files.tga_with_alpha_in_its_palette, _alpha(255, 128, 64, 0), "TGA 2.0, field 4.3: 32 bits an entry", oracle="imagemagick"),
    Case("DDS of grey with the flags of RGB", bitmap_files.dds_of_grey, _GREY, "Microsoft, DDS_PIXELFORMAT: DDPF_LUMINANCE"),
    Case("JPEG 2000 of Lab", lambda: jpeg2000_files.jp2_of_space(14, tuple((lab[0], round(lab[1] * 255 / 170 + 128), round(lab[2] * 255 / 200 + 96)) for lab in LAB_BYTES)), LAB, "ITU-T T.801, M.11.7.4: the default ranges of CIELab", 4),
    Case("PSD with a transparent index", lambda: psd_files.indexed_psd(2), _alpha(255, 255, 0, 255), "Adobe, image resource 1047"),
    Case("PSD that EXIF turns", psd_files.turned_psd, _OPAQUE, "Adobe, image resource 1058; EXIF 2.32, Orientation; as Qt"),
    Case("BMP with a P3 profile", lambda: bitmap_files.bmp_with_profile(profile(_P3_PRIMARIES, None)), _P3, "Microsoft, BITMAPV5HEADER"),
    Case("JPEG 2000 of green, blue and red", jpeg2000_files.jp2_of_other_order, _OPAQUE, "ITU-T T.800, I.5.3.6"),
    Case("JPEG 2000 of 16 bits with white", (FIXTURES / "white-16bit.jp2").read_bytes, [(255, 255, 255, 255), *_OPAQUE[1:]], "ITU-T T.800", oracle="imagemagick"),
    Case("JPEG 2000 of 1 bit", lambda: jpeg2000_files.jp2_of_bits(1), [(0, 0, 0, 255), (255, 255, 255, 255), (255, 255, 255, 255), (0, 0, 0, 255)], "ITU-T T.800: 1 is white"),
    Case("JPEG 2000 of 4 bits", lambda: jpeg2000_files.jp2_of_bits(4), [(0, 0, 0, 255), (17, 17, 17, 255), (255, 255, 255, 255), (238, 238, 238, 255)], "ITU-T T.800: 15 is white"),
    Case("Sun raster of 32 bits", lambda: bitmap_files.sun(32), _OPAQUE, "Sun, rasterfile(5): the first byte is unused", oracle="ffmpeg"),
    Case("FITS of 16 bits", lambda: odd_files.fits_of_integers(">h", 16), [(0, 0, 0, 255), (85, 85, 85, 255), (170, 170, 170, 255), (255, 255, 255, 255)], "FITS 4.0: integers are signed; from the lowest to the highest value"),
    Case("FITS of 32 bits", lambda: odd_files.fits_of_integers(">i", 32), [(0, 0, 0, 255), (85, 85, 85, 255), (170, 170, 170, 255), (255, 255, 255, 255)], "FITS 4.0"),
    Case("JPEG 2000 of 16 bits", (FIXTURES / "four-quarters-16bit.jp2").read_bytes, _OPAQUE, "ITU-T T.800", oracle="imagemagick"),
    Case("JPEG of RGB with a profile of Lab", lambda: saved(picture(), "JPEG", quality=98, subsampling=0, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()), _OPAQUE, "ICC.1: a profile of other numbers than the samples says nothing of them"),
    Case("XBM", bitmap_files.xbm, [(0, 0, 0, 255), (255, 255, 255, 255), (255, 255, 255, 255), (0, 0, 0, 255)], "X11: 1 is the foreground, black", oracle="imagemagick"),
    Case("PFM from 0 to 1", lambda: bitmap_files.pfm(1.0), _GREY, "0 is black and 1 is white", oracle="imagemagick"),
    Case("PFM from 0 to 255", lambda: bitmap_files.pfm(255.0), _GREY, "as float TIFF: most of it is above 1"),
    Case("GIF that paints a quarter", lambda: gif_files.gif([((0, 0, 32, 24), 0, 0)]), [(200, 40, 40, 255), *[(0, 0, 0, 0)] * 3], "browsers: what is never painted is transparent", oracle="imagemagick"),
)  # fmt: skip

CASES: Final = (*TIFF, *PNG, *DOCUMENTS, *OTHERS)
