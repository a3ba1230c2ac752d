"""The format comes from the bytes."""

import io

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.formats import Format, content_type_of, extension_of, identify


def sniff(content: bytes) -> Format:
    return identify(lambda offset, count: content[offset : offset + count])


def written(code: str, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (40, 30)).save(file, code)
    return file.getvalue()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("JPEG", "jpeg"),
        ("PNG", "png"),
        ("GIF", "gif"),
        ("WEBP", "webp"),
        ("TIFF", "tiff"),
        ("AVIF", "avif"),
        ("JPEG2000", "jpeg2000"),
        ("BMP", "bmp"),
        ("ICO", "ico"),
        ("TGA", "tga"),
        ("PPM", "ppm"),
        ("SGI", "sgi"),
        ("DDS", "dds"),
        ("QOI", "qoi"),
        ("PCX", "pcx"),
    ],
)
def test_each_format_is_recognised_by_its_first_bytes(code: str, name: str) -> None:
    assert sniff(written(code)).name == name


@pytest.mark.parametrize("head", [b"", b"hello", b"<html><svg></svg></html>", bytes(512), b"\xff\xd8", b"BM is a shop"])
def test_junk_is_not_an_image(head: bytes) -> None:
    with pytest.raises(PermanentError) as caught:
        sniff(head)
    assert caught.value.cause is Cause.NOT_AN_IMAGE


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"gimp xcf v011", "GIMP XCF"), (b"BPG\xfb", "BPG"), (b"%!PS-Adobe", "PostScript"), (b"v/1\x01", "OpenEXR")],
)
def test_the_error_names_a_known_format_without_a_reader(head: bytes, name: str) -> None:
    with pytest.raises(PermanentError, match=name) as caught:
        sniff(head)
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT


def test_a_film_is_distinguished_from_heic_and_avif() -> None:
    box = b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic"
    assert sniff(box).name == "heic"
    assert sniff(box.replace(b"heic", b"avif")).name == "avif"
    with pytest.raises(PermanentError, match="film"):
        sniff(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42")


def test_a_low_overhead_image_file_is_refused_as_unsupported() -> None:
    """ISO/IEC 23008-12:2025: a `mini` box in place of `meta`."""
    with pytest.raises(PermanentError, match="mini") as caught:
        sniff(b"\x00\x00\x00\x10ftypmif3avif\x00\x00\x00\x08mini")
    assert caught.value.cause is Cause.UNSUPPORTED_FORMAT


def test_an_svg_is_recognised_after_a_declaration_and_a_comment() -> None:
    assert sniff(b'<?xml version="1.0"?>\n<!-- hi -->\n<svg xmlns="http://www.w3.org/2000/svg">').name == "svg"


def test_files_have_the_usual_extension_and_content_type() -> None:
    jpeg = sniff(b"\xff\xd8\xff\xe0")
    assert (extension_of(jpeg), content_type_of(jpeg)) == (".jpg", "image/jpeg")
