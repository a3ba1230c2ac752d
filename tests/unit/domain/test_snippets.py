"""HTML of an image: every source reaches the largest width, and the address of each file is stable."""

import re

import pytest

from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.snippets import snippet
from pixelfleet.domain.variant_files import file_named, label_of
from tests.fakes.records import image_of

ORIGIN = "https://images.example.com"
EXTENSIONS = {"jpeg": "jpg"}


def file(name: str, form: str, width: int, height: int, files: int = 1) -> StoredVariant:
    key = f"ana/x/{'ab' * 16}/{name}.{EXTENSIONS.get(form, form)}"
    return StoredVariant(
        name=name, key=key, format=form, width=width, height=height, bytes=1, content_type=f"image/{form}", files=files
    )


def image(*variants: StoredVariant) -> Image:
    update = {"variants": variants, "key": "uploads/ana/b1/a & b.jpg", "dominant_colour": "#7fa3c0"}
    return image_of("ana", "b1", 1).model_copy(update=update)


CARD = tuple(file("card", form, 400, 300) for form in ("avif", "webp", "jpeg"))


def test_a_variant_in_several_formats_is_a_picture_with_a_source_for_each_format() -> None:
    assert snippet(image(*CARD), ORIGIN) == (
        "<picture>\n"
        f'  <source type="image/avif" srcset="{ORIGIN}/v/ana/b1/a%20%26%20b.jpg/card.avif">\n'
        f'  <source type="image/webp" srcset="{ORIGIN}/v/ana/b1/a%20%26%20b.jpg/card.webp">\n'
        f'  <img src="{ORIGIN}/v/ana/b1/a%20%26%20b.jpg/card.jpg" width="400" height="300" alt="" loading="lazy" '
        'decoding="async" style="background: #7fa3c0" data-thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJUI">\n'
        "</picture>"
    )


def test_jpeg_xl_is_the_first_source_and_never_the_picture_for_all() -> None:
    html = snippet(image(*CARD, file("card", "jxl", 400, 300)), ORIGIN)
    assert html is not None
    assert re.findall(r'<source type="image/(\w+)"', html) == ["jxl", "avif", "webp"]
    assert "card.jxl" in html.splitlines()[1]
    assert "jxl" not in html.splitlines()[-2]


@pytest.mark.parametrize(
    ("form", "frames", "order"),
    [("gif", 8, ["webp", "avif", "jxl"]), ("gif", 1, ["jxl", "avif", "webp"]), ("tiff", 8, ["jxl", "avif", "webp"])],
)
def test_of_an_animation_the_file_that_moves_is_the_first_source(form: str, frames: int, order: list[str]) -> None:
    made = image(*CARD, file("card", "jxl", 400, 300)).model_copy(update={"format": form, "frames": frames})
    html = snippet(made, ORIGIN)
    assert html is not None
    assert re.findall(r'<source type="image/(\w+)"', html) == order


def test_widths_of_one_shape_are_a_srcset_and_other_shapes_are_left_out() -> None:
    made = [file(f"w{width}", form, width, width * 3 // 4) for width in (320, 640, 1281) for form in ("webp", "jpeg")]
    html = snippet(image(*made, file("square", "webp", 320, 320), file("zoom", "dzi", 4000, 3000, files=90)), ORIGIN)
    assert html is not None
    [source] = re.findall(r"<source .+>", html)
    widths = re.findall(r"/(w[0-9]+)\.webp ([0-9]+w)", source)
    assert widths == [("w320", "320w"), ("w640", "640w"), ("w1281", "1281w")]
    assert 'sizes="(max-width: 1281px) 100vw, 1281px"' in html
    assert "square" not in html
    assert "zoom" not in html


def test_a_format_that_does_not_reach_the_largest_width_is_no_source() -> None:
    """The web recipe is an example: browsers would choose the small WebP and scale the WebP up."""
    made = (
        file("thumb", "webp", 320, 240),
        file("optimized", "jpeg", 2048, 1536),
        file("enhanced", "jpeg", 2048, 1536),
    )
    html = snippet(image(*made), ORIGIN)
    assert html is not None
    assert "<source" not in html
    assert 'src="https://images.example.com/v/ana/b1/a%20%26%20b.jpg/optimized"' in html
    assert "enhanced" not in html
    small = snippet(image(*made), ORIGIN, "thumb")
    assert small is not None
    assert "/thumb" in small
    assert "optimized" not in small


def test_a_lazy_variant_that_somebody_had_made_changes_no_html() -> None:
    """Its one format would take the place of smaller files, and its width that of the widths that pages show."""
    made = image(*CARD, file("print", "jpeg", 4000, 3000))
    assert snippet(made, ORIGIN, lazy={"print"}) == snippet(image(*CARD), ORIGIN)
    alone = snippet(made, ORIGIN, "print", lazy={"print"})
    assert alone is not None
    assert "/print" in alone
    assert snippet(image(file("print", "jpeg", 4000, 3000)), ORIGIN, lazy={"print"}) == alone


@pytest.mark.parametrize("variant", [None, "none", "zoom"])
def test_an_image_without_a_picture_has_no_html(variant: str | None) -> None:
    assert snippet(image(file("zoom", "dzi", 4000, 3000, files=90)), ORIGIN, variant) is None
    assert snippet(image(file("master", "tiff", 4000, 3000)), ORIGIN, variant) is None


def test_the_name_of_a_file_is_its_variant_with_an_extension_if_the_variant_has_several_files() -> None:
    avif, webp, jpeg = CARD
    variants = (*CARD, file("thumb", "webp", 320, 240))
    assert [label_of(variants, one) for one in variants] == ["card.avif", "card.webp", "card.jpg", "thumb"]
    assert all(file_named(variants, label_of(variants, one)) == one for one in variants)
    assert file_named(variants, "card") == jpeg
    assert file_named(variants, "card", "image/avif,image/webp") == avif
    assert file_named(variants, "card", "image/webp") == webp
    assert file_named(variants, "card.png") is None
    assert file_named(variants, "none") is None
    assert file_named(variants, "thumb.webp") == variants[-1]
