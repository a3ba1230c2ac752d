"""The colour space of a picture: every rule in one place, each with its source.

A file may declare its colours in several ways. `space_of` returns the space that applies; `colours.to_srgb` converts.
A space is an ICC profile (which the colour engine, lcms, converts) or a transfer function of high dynamic range (which
is tone-mapped). A picture that declares nothing is sRGB.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pixelfleet.images.profile_maker import Curve, GammaCurve, SrgbCurve, grey_profile, matrix_profile
from pixelfleet.images.profiles import code_points
from pixelfleet.images.vips import Image, pyvips

PROFILE: Final = "icc-profile-data"
_HDR: Final = "pixelfleet-hdr"

Chromaticities = tuple[float, ...]

_D65: Final = (0.3127, 0.3290)
_SRGB_PRIMARIES: Final = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
#: White, red, green, blue as x, y: ITU-T H.273 (2021), table 2.
PRIMARIES: Final[dict[int, Chromaticities]] = {
    1: (*_D65, *_SRGB_PRIMARIES),
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
#: ITU-T H.273, table 3. 1, 6, 7, 11, 12, 14 and 15 are the camera curves of BT.709, BT.601, SMPTE 240M, xvYCC, BT.1361
#: and BT.2020. In practice, a still picture with one of these curves was made on a screen with sRGB's curve, and
#: browsers use sRGB's curve for it. 2 is "unspecified".
_CURVES: Final[dict[int, Curve]] = {
    1: SrgbCurve(),
    2: SrgbCurve(),
    4: GammaCurve(2.2),
    5: GammaCurve(2.8),
    6: SrgbCurve(),
    7: SrgbCurve(),
    8: GammaCurve(1.0),
    11: SrgbCurve(),
    12: SrgbCurve(),
    13: SrgbCurve(),
    14: SrgbCurve(),
    15: SrgbCurve(),
    17: GammaCurve(2.6),
}
#: PNG, third edition, 13.13: a gamma within 5 per cent of sRGB's counts as sRGB's (libpng, PNG_GAMMA_THRESHOLD).
_SRGB_GAMMA: Final = 0.45455
_GAMMA_NEAR: Final = 0.05 * _SRGB_GAMMA
_XY_NEAR: Final = 0.01


class Transfer(StrEnum):
    """Transfer functions of high dynamic range (ITU-R BT.2100)."""

    PQ = "pq"
    HLG = "hlg"


#: Code points of ITU-T H.273, table 3.
CODE_POINTS: Final = {Transfer.PQ: 16, Transfer.HLG: 18}
_HDR_TRANSFERS: Final = {16: Transfer.PQ, 18: Transfer.HLG}


@dataclass(frozen=True, slots=True)
class Space:
    """A profile, or a transfer function of high dynamic range with its primaries (an H.273 code point). If both are
    empty, the space is sRGB."""

    profile: bytes | None = None
    transfer: Transfer | None = None
    primaries: int = 1


SRGB: Final = Space()


def of_code_points(primaries: int, transfer: int, *, grey: bool = False) -> Space | None:
    """The space of CICP code points (ITU-T H.273): cICP in PNG, nclx in AVIF and HEIC.

    A grey picture has no primaries: only its transfer function counts.

    Returns:
        None where the code points are unspecified or not known here: the next rule then applies.
    """
    if primaries == 2 and transfer == 2:
        return None
    chromaticities = PRIMARIES.get(1 if primaries == 2 else primaries)
    if chromaticities is None:
        return None
    if transfer in _HDR_TRANSFERS:
        return Space(transfer=_HDR_TRANSFERS[transfer], primaries=1 if primaries == 2 else primaries)
    curve = _CURVES.get(transfer)
    return None if curve is None else _of_curve(chromaticities, curve, grey=grey)


def _of_curve(chromaticities: Chromaticities, curve: Curve, *, grey: bool) -> Space:
    if isinstance(curve, SrgbCurve) and (grey or chromaticities == PRIMARIES[1]):
        return SRGB
    return Space(grey_profile(curve) if grey else matrix_profile(chromaticities, curve))


def of_gamma(gamma: float | None, chromaticities: Chromaticities | None, *, grey: bool = False) -> Space:
    """The space of gAMA and cHRM (PNG, third edition, 13.13 and 13.14). sRGB's value replaces a missing one."""
    near_gamma = gamma is None or abs(gamma - _SRGB_GAMMA) <= _GAMMA_NEAR
    own = PRIMARIES[1]
    near_primaries = (
        grey
        or chromaticities is None
        or all(abs(one - other) < _XY_NEAR for one, other in zip(chromaticities, own, strict=True))
    )
    if near_gamma and near_primaries:
        return SRGB
    curve = GammaCurve(1 / gamma) if gamma is not None else SrgbCurve()
    return _of_curve(own if near_primaries else chromaticities or own, curve, grey=grey)


def mark(image: Image, space: Space) -> Image:
    """The image with `space` as its only declared colour space."""
    marked = image.copy()
    for name in (PROFILE, _HDR):
        if marked.get_typeof(name):
            marked.remove(name)
    if space.profile:
        marked.set_type(pyvips.GValue.blob_type, PROFILE, space.profile)
    if space.transfer:
        marked.set_type(pyvips.GValue.gstr_type, _HDR, f"{space.transfer.value} {space.primaries}")
    return marked


def space_of(image: Image) -> Space:
    """The space that a reader has marked: a transfer function of high dynamic range, else the profile, else sRGB."""
    if image.get_typeof(_HDR):
        transfer, primaries = str(image.get(_HDR)).split()
        return Space(transfer=Transfer(transfer), primaries=int(primaries))
    return _of_profile(bytes(image.get(PROFILE))) if image.get_typeof(PROFILE) else SRGB


def _of_profile(profile: bytes) -> Space:
    """A profile with a `cicp` tag of high dynamic range stands for these code points: the profile's own curves cannot
    hold such light (ICC.1:2022, 9.2.17)."""
    points = code_points(profile)
    space = of_code_points(*points) if points and points[1] in _HDR_TRANSFERS else None
    return space or Space(profile)
