"""The gain map of an Ultra HDR JPEG: a second, small JPEG that says how much brighter a screen of high dynamic range
shows each part of the picture (ISO 21496-1; Ultra HDR Image Format 1.1).

libvips reads and writes the file by libultrahdr; this module fits the map to a variant. Files come from strangers: a
map that cannot be used is left out, because the picture itself is a whole JPEG.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from pixelfleet.errors import Cause, TransientError
from pixelfleet.images.base import scale_to
from pixelfleet.images.codec_errors import lacks_memory_or_disk
from pixelfleet.images.geometry import Placement, Size
from pixelfleet.images.probe import Probe
from pixelfleet.images.vips import Image, pyvips

#: The quality of a map's JPEG: errors of the map are multiplied with the light.
_QUALITY: Final = 90
_PIXELS: Final = "gainmap-data"
_NUMBERS: Final = ("gainmap-hdr-capacity-min", "gainmap-hdr-capacity-max")
_TRIPLES: Final = (
    "gainmap-max-content-boost",
    "gainmap-min-content-boost",
    "gainmap-gamma",
    "gainmap-offset-sdr",
    "gainmap-offset-hdr",
)
_USES_BASE: Final = "gainmap-use-base-cg"
#: The namespace of a map's XMP (Ultra HDR Image Format 1.1) and the name of its segment (ISO 21496-1, annex C).
_DECLARED: Final = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"urn:iso:std:iso:ts:21496:-1")
#: A boost beyond this, or an offset, means nothing: BT.2100's range is 10,000 cd/m² over 0.0001.
_MOST: Final = 1e8


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GainMap:
    """`pixels` are 8 bits a sample, of one band or three; `fields` are libvips' names of the map's numbers."""

    pixels: Image
    fields: dict[str, Any]

    def fitted(self, probe: Probe, placement: Placement, corner: tuple[int, int]) -> "GainMap":
        """The part of the map that belongs to a variant, at the resolution that the map has.

        Args:
            probe: the source; the map is stored in the source's orientation.
            placement: how the source is scaled and cropped.
            corner: left and top of the crop.
        """
        upright = self.pixels.copy()
        upright.set_type(pyvips.GValue.gint_type, "orientation", probe.orientation)
        upright = upright.autorot()
        times = max(1, round(placement.resized[0] / upright.width))
        if placement.crop != placement.resized:
            # At the picture's own size, so that map and picture are cut at the same pixel.
            upright = scale_to(upright, placement.resized).crop(*corner, *placement.crop)
        return replace(self, pixels=scale_to(upright, _divided(placement.crop, times)).copy_memory())

    def attached_to(self, image: Image) -> Image:
        """The image with the map as the fields that libvips' writer of Ultra HDR reads."""
        with_map = image.copy()
        data = self.pixels.jpegsave_buffer(Q=_QUALITY, keep="none", subsample_mode="off", optimize_coding=True)
        with_map.set_type(pyvips.GValue.blob_type, _PIXELS, data)
        for name, value in self.fields.items():
            kind = pyvips.GValue.array_double_type if name in _TRIPLES else pyvips.GValue.gdouble_type
            with_map.set_type(pyvips.GValue.gint_type if name == _USES_BASE else kind, name, value)
        return with_map


def read_gain_map(path: Path) -> GainMap | None:
    """The gain map of a JPEG; None if there is none that can be used.

    Raises:
        TransientError: memory ran out.
    """
    return _unless_damaged(lambda: _read(path))


def _read(path: Path) -> GainMap | None:
    opened = pyvips.Image.uhdrload(str(path))
    if not opened.get_typeof(_PIXELS):
        return None
    content = opened.get(_PIXELS)
    if not declares_numbers(content):
        return None
    fields = {name: opened.get(name) for name in (*_NUMBERS, *_TRIPLES, _USES_BASE) if opened.get_typeof(name)}
    pixels = pyvips.Image.jpegload_buffer(content, fail_on="truncated")
    if not _is_plausible(fields) or pixels.width * pixels.height > opened.width * opened.height:
        return None
    bands = pixels.bands in (1, 3) and pixels.format == "uchar" and pixels.interpretation in ("b-w", "srgb")
    return GainMap(pixels.copy_memory(), fields) if bands else None


def declares_numbers(gain_map: bytes) -> bool:
    """Whether the JPEG of a map declares its numbers by Ultra HDR or by ISO 21496-1.

    Apple's maps do not. libultrahdr reads them with numbers of its own, one of which it leaves uninitialised.
    """
    return any(mark in gain_map for mark in _DECLARED)


def written_with(write: Callable[[], object]) -> bool:
    """Write a picture with its map. Returns whether it was written: libultrahdr refuses some maps that it reads.

    Raises:
        TransientError: memory ran out.
    """

    def written() -> bool:
        write()
        return True

    return bool(_unless_damaged(written))


def _unless_damaged(work: Callable[[], T | None]) -> T | None:
    try:
        return work()
    except pyvips.Error as error:
        if lacks_memory_or_disk(error) or "MEM_ERROR" in str(error):
            raise TransientError(Cause.OUT_OF_MEMORY, "memory ran out on the gain map of this jpeg") from error
        return None


def _is_plausible(fields: dict[str, Any]) -> bool:
    """Whether the numbers are those of ISO 21496-1, 5.2: finite, boosts and gamma above zero, no end before its
    beginning."""
    if len(fields) != len(_NUMBERS) + len(_TRIPLES) + 1:
        return False
    least, most = (fields[name] for name in _NUMBERS)
    highest, lowest, gamma, *offsets = (fields[name] for name in _TRIPLES)
    numbers = [least, most, *highest, *lowest, *gamma, *offsets[0], *offsets[1]]
    if not all(math.isfinite(number) and abs(number) < _MOST for number in numbers):
        return False
    rising = all(0 < low <= high for low, high in zip(lowest, highest, strict=True))
    return rising and 0 < least <= most and all(number > 0 for number in gamma)


def _divided(size: Size, times: int) -> Size:
    return max(1, -(-size[0] // times)), max(1, -(-size[1] // times))
