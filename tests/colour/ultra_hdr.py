"""Ultra HDR JPEGs, assembled as the specification says: the tests' own writer, beside libultrahdr's.

Ultra HDR Image Format 1.0 (Android): a JPEG with XMP of the namespace `hdr-gain-map`, an MPF segment (CIPA DC-007) that
points to a second JPEG after the end of the first, and XMP with the map's numbers in the second.
"""

import struct
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image

from tests.colour.quarters import picture, saved

#: The map of the quarters: no gain, a third, two thirds, all of it.
STEPS: Final = ((0,), (85,), (170,), (255,))
#: Base 2 logarithm of the largest boost.
STOPS: Final = 2.0
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_SPACES: Final = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)


@dataclass(frozen=True)
class Spoilt:
    """What is wrong with a file: bytes of the map that are cut off, an offset of the map, numbers of its XMP."""

    cut: int = 0
    offset: int | None = None
    numbers: str = ""


def base(pixels: Image.Image | None = None, **options: Any) -> bytes:
    """The JPEG without a map."""
    return saved(pixels or picture(), "JPEG", quality=95, subsampling=0, **options)


def ultra_hdr(plain: bytes, gains: Image.Image | None = None, spoilt: Spoilt | None = None) -> bytes:
    """`plain` with a gain map; the map of the quarters, at half of their size, unless another is given."""
    spoilt = spoilt or Spoilt()
    gains = gains or picture(STEPS, "L").resize((32, 24), Image.Resampling.NEAREST)
    numbers = spoilt.numbers or (
        f'hdrgm:GainMapMin="0" hdrgm:GainMapMax="{STOPS}" hdrgm:Gamma="1" hdrgm:OffsetSDR="0.015625" '
        f'hdrgm:OffsetHDR="0.015625" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="{STOPS}"'
    )
    second = _with(
        saved(gains, "JPEG", quality=95), 0xE1, _XMP + _packet(f'{numbers} hdrgm:BaseRenditionIsHDR="False"')
    )
    items = (
        "<Container:Directory><rdf:Seq>"
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li>'
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg" '
        f'Item:Length="{len(second)}"/></rdf:li></rdf:Seq></Container:Directory>'
    )
    first = _with(plain, 0xE1, _XMP + _packet("", items))
    length = len(first) + 4 + len(_mpf(0, 0, 0))
    # Offsets count from the TIFF header in the MPF segment: after the first marker, the segment's head and its name.
    offset = length - 10 if spoilt.offset is None else spoilt.offset
    whole = _with(first, 0xE2, _mpf(length, len(second), offset)) + second
    return whole[: len(whole) - spoilt.cut]


def _with(jpeg: bytes, marker: int, content: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]


def _packet(attributes: str, content: str = "") -> bytes:
    description = f'<rdf:Description {_SPACES} hdrgm:Version="1.0" {attributes}>{content}</rdf:Description>'
    rdf = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{description}</rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'.encode()


def _mpf(first: int, second: int, offset: int) -> bytes:
    fields = struct.pack(">HHI4s", 0xB000, 7, 4, b"0100") + struct.pack(">HHII", 0xB001, 4, 1, 2)
    fields += struct.pack(">HHII", 0xB002, 7, 32, 50)
    entries = struct.pack(">IIIHH", 0x030000, first, 0, 0, 0) + struct.pack(">IIIHH", 0, second, offset, 0, 0)
    return b"MPF\0" + b"MM\0*" + struct.pack(">IH", 8, 3) + fields + struct.pack(">I", 0) + entries
