"""Convert high dynamic range to sRGB: PQ and HLG (ITU-R BT.2100), with BT.2408's reference white as white."""

from array import array
from collections.abc import Callable
from functools import cache
from typing import Final

from pixelfleet.images.bands import on_colours
from pixelfleet.images.colour_space import PRIMARIES, Space, Transfer
from pixelfleet.images.profile_maker import inverse, product, to_xyz
from pixelfleet.images.vips import Image, pyvips

#: Diffuse white in cd/m² (ITU-R BT.2408-7, table 1). Before highlights are compressed, this is sRGB's white.
_WHITE: Final = 203.0
#: The brightest light that is not clipped: BT.2100's nominal peak, in units of diffuse white.
_PEAK: Final = 1000.0 / _WHITE
#: Light below this share of white does not change. Light above is compressed so that the peak becomes white.
_KNEE: Final = 0.5
_STEPS: Final = 65_536
#: Luma of BT.2020 (ITU-R BT.2100, table 5), for HLG's system gamma of 1.2 at 1,000 cd/m².
_HLG_LUMA: Final = (0.2627, 0.6780, 0.0593)
_HLG_GAMMA: Final = 1.2


def to_sdr(image: Image, space: Space) -> Image:
    """Convert an image of PQ or HLG samples of 8 or 16 bits to 16-bit sRGB (`rgb16`)."""
    return on_colours(_sixteen(image), lambda colours: _mapped(colours, space))


def as_signals(image: Image) -> Image:
    """The samples of PQ or HLG as they are: red, green and blue of 16 bits (`rgb16`)."""
    image = _sixteen(image)
    if image.bands < 3:
        grey = image.extract_band(0)
        image = grey.bandjoin([grey, grey, *([image.extract_band(1)] if image.bands > 1 else [])])
    return image.copy(interpretation="rgb16")


def _sixteen(image: Image) -> Image:
    if image.format == "ushort":
        return image
    # libvips sees no alpha in two bands that are called RGB.
    space = "rgb16" if image.bands >= 3 else "grey16"
    return (image.cast("uchar").cast("ushort") * 257).cast("ushort").copy(interpretation=space)


def _mapped(colours: Image, space: Space) -> Image:
    if colours.bands < 3:
        colours = colours.bandjoin([colours, colours])
    light = colours.maplut(_table(_pq if space.transfer is Transfer.PQ else _hlg))
    if space.transfer is Transfer.HLG:
        luma = light.recomb(pyvips.Image.new_from_array([list(_HLG_LUMA)]))
        light = light * ((luma > 1e-6).ifthenelse(luma, 1e-6) ** (_HLG_GAMMA - 1)) * (1000.0 / _WHITE)
    matrix = product(inverse(to_xyz(PRIMARIES[1])), to_xyz(PRIMARIES[space.primaries]))
    light = light.recomb(pyvips.Image.new_from_array([list(row) for row in matrix]))
    light = (light < 0).ifthenelse(0, light)
    # The brightest band is compressed, and the others in proportion, so that no hue shifts.
    brightest = _brightest(light)
    index = (brightest / _PEAK * (_STEPS - 1)).cast("ushort")
    light = light * index.maplut(_table(_gain))
    return (light * (_STEPS - 1)).cast("ushort").maplut(_srgb()).copy(interpretation="rgb16")


def _brightest(light: Image) -> Image:
    first, second, third = (light.extract_band(at) for at in range(3))
    upper = (first > second).ifthenelse(first, second)
    return (upper > third).ifthenelse(upper, third)


def _pq(signal: float) -> float:
    """Light in units of diffuse white (SMPTE ST 2084)."""
    power = signal ** (1 / 78.84375)
    ratio = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return float(10_000.0 * ratio ** (1 / 0.1593017578125) / _WHITE)


def _hlg(signal: float) -> float:
    """Scene light from 0 to 1 (ITU-R BT.2100, table 5)."""
    if signal <= 0.5:
        return signal * signal / 3
    return float((2.718281828459045 ** ((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12)


def _gain(share: float) -> float:
    """The factor for light of this share of the peak: 1 up to the knee, then Reinhard's extended curve
    (Reinhard et al. 2002, equation 4) over the remaining range, with the peak as its white."""
    light = share * _PEAK
    if light <= _KNEE:
        return 1.0
    room = 1.0 - _KNEE
    over, most = (light - _KNEE) / room, (_PEAK - _KNEE) / room
    return (_KNEE + room * over * (1 + over / most**2) / (1 + over)) / light


@cache
def _table(curve: Callable[[float], float]) -> Image:
    values = array("f", (curve(at / (_STEPS - 1)) for at in range(_STEPS)))
    return pyvips.Image.new_from_memory(values.tobytes(), _STEPS, 1, 1, "float")


@cache
def _srgb() -> Image:
    """The table from linear light to sRGB's signal (IEC 61966-2-1), both of 16 bits."""
    signals = array("H", (round(65_535 * _encoded(at / (_STEPS - 1))) for at in range(_STEPS)))
    return pyvips.Image.new_from_memory(signals.tobytes(), _STEPS, 1, 1, "ushort")


def _encoded(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else float(1.055 * light ** (1 / 2.4) - 0.055)
