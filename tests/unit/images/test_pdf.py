"""A PDF page is drawn upright on white paper at the recipe's dots per inch; a PDF with a password has its own cause."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import Rendition
from tests.colour.pages import Page, form, pdf, quarters_page
from tests.colour.quarters import QUARTERS, differences, middles

Run = Callable[..., Rendition]
PNG = {"format": "png"}
EXPECTED = [(*colour, 255) for colour in QUARTERS]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / "a.pdf"
        path.write_bytes(content)
        return path

    return save


def shown(rendition: Rendition, at: int = 0) -> Image.Image:
    with Image.open(rendition.variants[at].path) as opened:
        opened.load()
        return opened


def cause_of(rendered: Run, path: Path, *variants: dict[str, object]) -> Cause:
    with pytest.raises(PermanentError) as caught:
        rendered(path, *(variants or (PNG,)))
    return caught.value.cause


def test_a_page_has_its_colours_at_150_dots_per_inch(rendered: Run, write: Callable[[bytes], Path]) -> None:
    picture = shown(rendered(write(pdf(quarters_page(72, 36))), PNG))
    assert picture.size == (150, 75)
    assert not differences(middles(picture), EXPECTED, 1)


def test_the_recipe_sets_the_dots_per_inch(rendered: Run, write: Callable[[bytes], Path]) -> None:
    assert shown(rendered(write(pdf(quarters_page(72, 36))), PNG, dpi=300)).size == (300, 150)


def test_a_variant_shows_the_page_that_it_names(rendered: Run, write: Callable[[bytes], Path]) -> None:
    path = write(pdf(quarters_page(72, 36), quarters_page(36, 72)))
    made = rendered(path, PNG, PNG | {"page": 2})
    assert [shown(made, at).size for at in (0, 1)] == [(150, 75), (75, 150)]


def test_a_missing_page_has_the_cause_page_missing(rendered: Run, write: Callable[[bytes], Path]) -> None:
    assert cause_of(rendered, write(pdf(quarters_page(72, 36))), PNG | {"page": 2}) is Cause.PAGE_MISSING


def test_a_rotated_page_is_drawn_rotated(rendered: Run, write: Callable[[bytes], Path]) -> None:
    picture = shown(rendered(write(pdf(quarters_page(72, 36, "/Rotate 90"))), PNG))
    assert picture.size == (75, 150)
    # Clockwise (ISO 32000-1, table 30): the lower left corner becomes the upper left corner.
    assert not differences(middles(picture), [EXPECTED[at] for at in (2, 0, 3, 1)], 1)


def test_paper_is_white_where_nothing_is_drawn(rendered: Run, write: Callable[[bytes], Path]) -> None:
    picture = shown(rendered(write(pdf(Page("/MediaBox [0 0 72 72]", ""))), PNG))
    assert picture.convert("RGBA").getpixel((75, 75)) == (255, 255, 255, 255)


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\r\n", b"\x1b%-12345X@PJL\r\n", b"Content-Type: text/plain\r\n" * 30]
)
def test_a_header_behind_other_bytes_is_found(rendered: Run, write: Callable[[bytes], Path], before: bytes) -> None:
    """Within the first 1,024 bytes (ISO 32000-1, annex H, 3.4.1)."""
    picture = shown(rendered(write(before + pdf(quarters_page(72, 36))), PNG))
    assert not differences(middles(picture), EXPECTED, 1)


def test_a_program_that_names_pdf_is_no_pdf(rendered: Run, write: Callable[[bytes], Path]) -> None:
    content = b"%!PS-Adobe-3.0\n(%PDF-1.7) show\n"
    assert cause_of(rendered, write(content)) is Cause.UNSUPPORTED_FORMAT


def test_the_contents_of_a_form_are_shown(rendered: Run, write: Callable[[bytes], Path]) -> None:
    """The appearance of a field (12.5.5): the field's rectangle in red on the left half of the page."""
    path = write(form(b"1 0 0 rg 0 0 36 36 re f"))
    picture = shown(rendered(path, PNG)).convert("RGB")
    assert picture.getpixel((37, 37)) == (255, 0, 0)
    assert picture.getpixel((112, 37)) == (255, 255, 255)


def test_a_form_on_a_page_with_the_box_of_its_parent_keeps_its_size(
    rendered: Run, write: Callable[[bytes], Path]
) -> None:
    content = form(b"1 0 0 rg 0 0 36 36 re f").replace(
        b"/MediaBox [0 0 72 36] /Annots", b"/Nothing_ [0 0 72 36] /Annots"
    )
    inherited = content.replace(b"/Count 1", b"/MediaBox [0 0 72 36] /Count 1")
    assert shown(rendered(write(inherited), PNG)).size == (150, 75)


def test_a_pdf_with_a_password_has_the_cause_encrypted(rendered: Run, write: Callable[[bytes], Path]) -> None:
    locked = f"<{'00' * 32}>"
    guard = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {locked} /U {locked} /P -4 >> /ID [<00> <00>]"
    assert cause_of(rendered, write(pdf(quarters_page(72, 36), trailer=guard))) is Cause.ENCRYPTED


def test_a_page_above_the_pixel_limit_is_refused_by_its_size(rendered: Run, write: Callable[[bytes], Path]) -> None:
    assert cause_of(rendered, write(pdf(quarters_page(14_400, 14_400)))) is Cause.TOO_MANY_PIXELS


def test_more_pages_than_the_limit_are_refused(rendered: Run, write: Callable[[bytes], Path]) -> None:
    assert cause_of(rendered, write(pdf(*[quarters_page(72, 36)] * 51))) is Cause.TOO_MANY_FRAMES


def test_a_pdf_that_breaks_off_is_truncated(rendered: Run, write: Callable[[bytes], Path]) -> None:
    assert cause_of(rendered, write(pdf(quarters_page(72, 36))[:40])) is Cause.TRUNCATED


def test_a_pdf_of_nonsense_is_unreadable(rendered: Run, write: Callable[[bytes], Path]) -> None:
    assert cause_of(rendered, write(b"%PDF-1.7\n" + b"nonsense " * 50 + b"\n%%EOF\n")) is Cause.UNREADABLE
