"""PDF: PDFium (pypdfium2) draws one page on white paper, with the contents of its form's fields.

Scripts of a PDF never run: the library is built without an interpreter. Nothing outside the file is loaded.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pypdfium2
from pypdfium2 import raw

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.codec_errors import DamagedError
from pixelfleet.images.colour_space import SRGB, mark
from pixelfleet.images.formats import Format
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.packed_rows import packed
from pixelfleet.images.vips import Image, pyvips

#: A page's unit (ISO 32000-1, 8.3.2.3).
_POINTS_AN_INCH: Final = 72
_WHITE: Final = (255, 255, 255, 255)


def read_header(path: Path, _row: Format, reading: Reading) -> Header:
    with _opened(path) as document:
        width, height = _size(document, reading)
        return Header(
            width=width,
            height=height,
            frames=len(document),
            orientation=1,
            colour_space="srgb",
            has_alpha=False,
            exif=b"",
            held=True,
        )


def decode(path: Path, _row: Format, reading: Reading) -> Image:
    with _opened(path) as document:
        page = _with_fields(document, reading.page)
        bitmap = page.render(
            scale=reading.dpi / _POINTS_AN_INCH, fill_color=_WHITE, rev_byteorder=True, may_draw_forms=False
        )
        width, height, bands = bitmap.width, bitmap.height, bitmap.n_channels
        pixels = packed(bitmap.buffer, bitmap.stride, width * bands, height)
        image = pyvips.Image.new_from_memory(pixels, width, height, bands, "uchar")
    return mark(image.extract_band(0, n=3).copy(interpretation="srgb"), SRGB)


def _with_fields(document: Any, number: int) -> Any:
    """The page, with the appearances of its form's fields drawn into it (ISO 32000-1, 12.5.5).

    PDFium's own drawing of forms reads all fields of the document, and has no end on some of them.
    """
    page = document[number]
    if document.get_formtype() == raw.FORMTYPE_NONE:
        return page
    # PDFium takes a page without boxes of its own for a letter.
    box = page.get_bbox()
    page.set_mediabox(*box)
    page.set_cropbox(*box)
    raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY)
    page.close()
    return document[number]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """
    Raises:
        PermanentError: `encrypted`.
        DamagedError: PDFium cannot read the document or the page.
    """
    try:
        document = pypdfium2.PdfDocument(path)
        try:
            yield document
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        # The numbers are those of FPDF_GetLastError (fpdfview.h).
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise PermanentError(
                Cause.ENCRYPTED, "the PDF asks for a password; save a copy without one and upload the copy"
            ) from error
        raise DamagedError(str(error)) from error


def _size(document: Any, reading: Reading) -> tuple[int, int]:
    """Pixels of the page, turned as the page is displayed."""
    if len(document) == 0:
        raise DamagedError("it has no page")
    width, height = document.get_page_size(min(reading.page, len(document) - 1))
    scale = reading.dpi / _POINTS_AN_INCH
    return math.ceil(width * scale), math.ceil(height * scale)
