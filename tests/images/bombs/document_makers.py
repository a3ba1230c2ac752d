"""Bombs in the formats whose readers come with an extra: JPEG XL, PDF and camera raw."""

import zlib
from collections.abc import Callable
from typing import Final

import pyjpegxl

from tests.colour import raw_files
from tests.colour.pages import Page, pdf, quarters_page, stream

#: Pixels a side of the JPEG XL: 98 megapixels, which the bulk lane takes.
_SIDE: Final = 9_900
#: Pixels a side of the picture on a page: 900 megapixels.
_PICTURE: Final = 30_000
#: Forms that draw the next form ten times each.
_DEPTH: Final = 9


def jxl_of_98_megapixels() -> bytes:
    fast = pyjpegxl.EncoderSpeed.Lightning
    return pyjpegxl.encode(bytes(_SIDE * _SIDE), _SIDE, _SIDE, lossless=True, num_channels=1, speed=fast)


def pdf_of_a_large_page() -> bytes:
    """The largest page of PDF 1.7 (ISO 32000-1, annex C): 200 inches a side."""
    return pdf(quarters_page(14_400, 14_400))


def pdf_of_a_large_picture() -> bytes:
    """A small page with a picture of 900 megapixels."""
    packer = zlib.compressobj(9)
    row = bytes(_PICTURE)
    packed = b"".join(packer.compress(row) for _ in range(_PICTURE)) + packer.flush()
    kind = f"/Type /XObject /Subtype /Image /Width {_PICTURE} /Height {_PICTURE} /ColorSpace /DeviceGray"
    picture = stream(f"{kind} /BitsPerComponent 8 /Filter /FlateDecode", packed)
    page = Page("/MediaBox [0 0 100 100] /Resources << /XObject << /P 5 0 R >> >>", "q 100 0 0 100 0 0 cm /P Do Q")
    return pdf(page, objects=(picture,))


def pdf_of_nested_forms() -> bytes:
    """A drawing that is drawn ten times by each of nine forms: a thousand million times."""
    forms = [
        stream(
            f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F {6 + depth} 0 R >> >>",
            b"/F Do " * 10,
        )
        for depth in range(_DEPTH)
    ]
    last = stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", b"0 0 5 5 re f")
    page = Page("/MediaBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>", "/F Do")
    return pdf(page, objects=(*forms, last))


def pdf_of_nested_fields() -> bytes:
    """A form with 2 to the power of 40 fields (12.7.3.1): each has the next one as both of its children."""
    fields = [f"<< /Kids [{6 + depth} 0 R {6 + depth} 0 R] >>".encode() for depth in range(40)]
    last = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (leaf) /Rect [0 0 1 1] >>"
    catalogue = "/AcroForm << /Fields [5 0 R] /NeedAppearances true >>"
    return pdf(Page("/MediaBox [0 0 9 9]", ""), objects=(*fields, last), catalogue=catalogue)


def raw_that_lies() -> bytes:
    """A camera raw of 98 megapixels, without their samples."""
    return raw_files.dng(_SIDE, _SIDE, samples=bytes(1_000))


BOMBS: Final[dict[str, Callable[[], bytes]]] = {
    made.__name__: made
    for made in (
        jxl_of_98_megapixels,
        pdf_of_a_large_page,
        pdf_of_a_large_picture,
        pdf_of_nested_fields,
        pdf_of_nested_forms,
        raw_that_lies,
    )
}
