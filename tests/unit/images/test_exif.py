"""Dates and text of EXIF: a bad part does not affect the other parts."""

import pytest

from pixelfleet.images.exif import read_exif
from pixelfleet.images.metadata.exif_tree import ExifTree, Field, read_tree, text, write_tree

WHEN = "2024-05-06T07:08:09"
GOOD = text("2024:05:06 07:08:09")


def blob(original: Field | None = None, offset: Field | None = None, plain: Field | None = None) -> bytes:
    exif = {tag: one for tag, one in ((36867, original), (36881, offset)) if one}
    return write_tree(ExifTree({306: plain} if plain else {}, exif))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (blob(GOOD), WHEN),
        (blob(GOOD, text("+02:00")), f"{WHEN}+02:00"),
        (blob(GOOD, text("   :  ")), WHEN),
        (blob(GOOD, text("nonsense")), WHEN),
        (blob(GOOD, text("+99:99")), WHEN),
        (blob(GOOD, text("Z")), f"{WHEN}+00:00"),
        (blob(text("    :  :     :  :  "), None, GOOD), WHEN),
        (blob(text("0000:00:00 00:00:00"), None, GOOD), WHEN),
        (blob(text("2024-05-06 07:08:09")), WHEN),
        (blob(text("2024-05-06T07:08:09")), WHEN),
        (blob(text("2024:05:06")), "2024-05-06T00:00:00"),
        (blob(None, None, GOOD), WHEN),
        (blob(text("2024:13:45 07:08:09")), None),
        (blob(text("2016:12:31 23:59:60")), "2017-01-01T00:00:00"),
        (blob(text("9999:12:31 23:59:60"), None, GOOD), WHEN),
        (blob(text("2024:05:06 07:08:61"), None, GOOD), WHEN),
        # ISO 8601 means the end of the day; some telephones mean the start of the day.
        (blob(text("2024:05:06 24:00:00"), None, GOOD), WHEN),
        (blob(), None),
    ],
)
def test_a_bad_part_of_exif_does_not_lose_the_date(written: bytes, moment: str | None) -> None:
    assert read_exif(written, with_place=False).taken_at == moment


@pytest.mark.parametrize(
    ("make", "camera"),
    [
        ("Caméra 📷".encode(), "Caméra 📷"),
        ("Caméra".encode("latin-1"), "Caméra"),
        (b"Cam\0junk", "Cam"),
        (b"\x01\x02Cam  ", "Cam"),
        (b"", None),
    ],
)
def test_text_is_utf8_or_latin1(make: bytes, camera: str | None) -> None:
    field = Field(2, make + b"\0")
    assert read_exif(write_tree(ExifTree({271: field})), with_place=False).camera == camera


@pytest.mark.parametrize(("model", "lens"), [(b"RF24-70mm F2.8 L IS USM\0", "RF24-70mm F2.8 L IS USM"), (b"\0", None)])
def test_the_lens_is_read_from_the_exif_directory(model: bytes, lens: str | None) -> None:
    """EXIF 2.32, table 8: LensModel is tag 42036 (A434.H), ASCII."""
    assert read_exif(write_tree(ExifTree({}, {42036: Field(2, model)})), with_place=False).lens == lens


def test_a_tree_is_read_as_it_was_written() -> None:
    tree = ExifTree({271: text("Cam")}, {36867: GOOD}, {1: text("N")})
    assert read_tree(write_tree(tree)) == tree
    assert read_tree(b"Exif\0\0" + write_tree(tree)) == tree


def test_big_endian_numbers_become_little_endian() -> None:
    block = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + bytes(4)
    assert read_tree(block).image[274].data == b"\x06\0"


@pytest.mark.parametrize("junk", [b"", b"Exif\0\0", b"II*\0", b"II*\0\xff\xff\xff\x7f", b"MM\0*" + bytes(40)])
def test_junk_is_an_empty_tree(junk: bytes) -> None:
    assert read_tree(junk).empty
