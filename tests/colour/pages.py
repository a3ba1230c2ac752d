"""PDF files of our own making: pages of drawing operators (ISO 32000-1, 8.5 and 8.6)."""

from dataclasses import dataclass
from typing import Final

from tests.colour.quarters import QUARTERS


@dataclass(frozen=True)
class Page:
    """`attributes` are entries of the page's dictionary, `content` its operators."""

    attributes: str
    content: str


def quarters_page(width: int, height: int, attributes: str = "") -> Page:
    """The four quarters on a page of so many points."""
    half, rise = width / 2, height / 2
    # The origin of a page is its lower left corner.
    corners: Final = ((0, rise), (half, rise), (0, 0), (half, 0))
    parts = []
    for (left, bottom), colour in zip(corners, QUARTERS, strict=True):
        red, green, blue = (value / 255 for value in colour)
        parts.append(f"{red:.5f} {green:.5f} {blue:.5f} rg {left} {bottom} {half} {rise} re f")
    return Page(f"/MediaBox [0 0 {width} {height}] {attributes}", " ".join(parts))


def form(appearance: bytes) -> bytes:
    """A page of 72 x 36 points with a text field on its left half (12.7), whose appearance has these operators."""
    page = Page("/MediaBox [0 0 72 36] /Annots [5 0 R]", "")
    rectangle = "/Subtype /Widget /FT /Tx /T (name) /V (Ana) /Rect [0 0 36 36]"
    field = f"<< /Type /Annot {rectangle} /F 4 /P 3 0 R /AP << /N 6 0 R >> >>"
    drawn = stream("/Type /XObject /Subtype /Form /BBox [0 0 36 36] /Resources << >>", appearance)
    return pdf(page, objects=(field.encode(), drawn), catalogue="/AcroForm << /Fields [5 0 R] >>")


def pdf(*pages: Page, trailer: str = "", objects: tuple[bytes, ...] = (), catalogue: str = "") -> bytes:
    """A whole file with its cross-reference table (7.5.4).

    Args:
        trailer: more entries of the trailer's dictionary.
        objects: more objects, numbered from `3 + 2 * len(pages)`.
        catalogue: more entries of the catalogue's dictionary (7.7.2).
    """
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    every = [f"<< /Type /Catalog /Pages 2 0 R {catalogue} >>".encode()]
    every.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    for number, page in enumerate(pages):
        every.append(f"<< /Type /Page /Parent 2 0 R /Contents {4 + 2 * number} 0 R {page.attributes} >>".encode())
        every.append(stream("", page.content.encode()))
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate((*every, *objects), 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(offsets) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + end.encode()


def stream(attributes: str, content: bytes) -> bytes:
    """A stream object (7.3.8)."""
    return f"<< /Length {len(content)} {attributes} >>\nstream\n".encode() + content + b"\nendstream"
