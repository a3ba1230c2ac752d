"""PQ and HLG in sRGB, by the equations of the recommendations: the right values that the cases expect."""

import math
from collections.abc import Callable
from typing import Final

from tests.colour.quarters import Rgba

Triple = tuple[float, float, float]

#: Below half of the reference white no rule compresses anything; the others reach far above white.
SHADOWS: Final = ((70, 45, 40), (45, 75, 50), (40, 45, 80), (78, 74, 50))
DARK_GREYS: Final = ((30,) * 3, (60,) * 3, (90,) * 3, (110,) * 3)
COLOURS: Final = ((150, 90, 70), (80, 140, 100), (90, 100, 160), (190, 180, 120))
GREYS: Final = ((75,) * 3, (106,) * 3, (128,) * 3, (170,) * 3)

#: ITU-R BT.2408-7, table 1: diffuse white; ITU-R BT.2100: the nominal peak of HLG.
_WHITE, _PEAK = 203.0, 1000.0
#: ITU-R BT.2087-0, 3.1: linear BT.2020 to linear BT.709.
_TO_709: Final = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))


def of_pq(pixels: tuple[tuple[int, ...], ...]) -> list[Rgba]:
    """sRGB of four pixels of BT.2020 with PQ, 8 bits."""
    return [_shown(_light(pixel, _pq)) for pixel in pixels]


def of_hlg(pixels: tuple[tuple[int, ...], ...]) -> list[Rgba]:
    """sRGB of four pixels of BT.2020 with HLG, 8 bits, on a screen of 1,000 cd/m²."""
    return [_shown(_system(_light(pixel, _hlg))) for pixel in pixels]


def _light(pixel: tuple[int, ...], curve: Callable[[float], float]) -> Triple:
    red, green, blue = (curve(value / 255) for value in pixel)
    return red, green, blue


def _pq(signal: float) -> float:
    """cd/m² (ITU-R BT.2100-2, table 4)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** (1 / m2)
    return float(10_000 * (max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1))


def _hlg(signal: float) -> float:
    """Scene light from 0 to 1 (ITU-R BT.2100-2, table 5)."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * math.log(4 * a)
    return signal**2 / 3 if signal <= 0.5 else (math.exp((signal - c) / a) + b) / 12


def _system(scene: Triple) -> Triple:
    """cd/m² (table 5, the opto-optical transfer): gamma 1.2 at 1,000 cd/m²."""
    luma = 0.2627 * scene[0] + 0.6780 * scene[1] + 0.0593 * scene[2]
    gain = _PEAK * luma**0.2 if luma else 0.0
    red, green, blue = (gain * value for value in scene)
    return red, green, blue


def _shown(light: Triple) -> Rgba:
    """In sRGB. The brightest of the three is compressed above half of white (docs/reference/formats.md; Reinhard et
    al. 2002, equation 4), the others in proportion."""
    linear = [max(sum(part * value / _WHITE for part, value in zip(row, light, strict=True)), 0) for row in _TO_709]
    brightest = max(linear)
    # Light beyond the peak is shown as the peak.
    capped = min(brightest, _PEAK / _WHITE)
    gain = _compressed(capped) / capped if capped > 0.5 else 1.0
    red, green, blue = (round(255 * _encoded(min(value * gain, 1.0))) for value in linear)
    return red, green, blue, 255


def _compressed(light: float) -> float:
    over, most = (light - 0.5) / 0.5, (_PEAK / _WHITE - 0.5) / 0.5
    return 0.5 + 0.5 * over * (1 + over / most**2) / (1 + over)


def _encoded(light: float) -> float:
    """IEC 61966-2-1."""
    return 12.92 * light if light <= 0.0031308 else float(1.055 * light ** (1 / 2.4) - 0.055)
