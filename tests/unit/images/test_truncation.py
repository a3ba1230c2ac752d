"""A file of any format that breaks off is never accepted as a whole file."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.truncation import breaks_off
from pixelfleet.samples.scene import scene
from tests.colour.pages import pdf, quarters_page
from tests.colour.raw_files import dng
from tests.unit.images.test_format_table import jxl

Run = Callable[..., Rendition]
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("GIF", {}),
    ("GIF", {"save_all": True}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("WEBP", {"save_all": True}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("AVIF", {"speed": 10}),
    ("JPEG2000", {}),
    ("JPEG2000", {"no_jp2": True}),
    ("BMP", {}),
    ("TGA", {"compression": "tga_rle"}),
    ("PPM", {}),
    ("SGI", {}),
    ("DDS", {}),
    ("QOI", {}),
]


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    picture = scene((160, 100), "sea", "whole")
    return [picture, picture.rotate(10), picture.rotate(20)]


def written(pictures: list[Image.Image], code: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    more = {"append_images": pictures[1:]} if "save_all" in options else {}
    pictures[0].save(file, code, **options, **more)
    return file.getvalue()


@pytest.mark.parametrize("share", [0.6, 0.97])
@pytest.mark.parametrize(("code", "options"), FORMS)
def test_a_file_that_breaks_off_is_refused_as_truncated(
    tmp_path: Path, rendered: Run, pictures: list[Image.Image], code: str, options: dict[str, Any], share: float
) -> None:
    content = written(pictures, code, options)
    (tmp_path / "cut").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "cut", {"box": 50})
    assert caught.value.cause is Cause.TRUNCATED


@pytest.mark.parametrize(("code", "options"), FORMS)
def test_a_whole_file_does_not_break_off(
    tmp_path: Path, pictures: list[Image.Image], code: str, options: dict[str, Any]
) -> None:
    (tmp_path / "whole").write_bytes(written(pictures, code, options))
    assert not breaks_off(tmp_path / "whole", code.lower())


def test_a_whole_jpeg2000_that_the_decoder_refuses_is_unreadable(tmp_path: Path, rendered: Run) -> None:
    """OpenJPEG in Pillow reports "broken data stream" for every file that OpenJPEG does not decode."""
    content = bytearray(written([scene((160, 100), "sea", "whole")], "JPEG2000", {}))
    # A progression order that does not exist (ITU-T T.800, table A.16), in the marker COD.
    content[content.index(b"\xff\x52") + 5] = 9
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "a", {"box": 50})
    assert caught.value.cause is Cause.UNREADABLE
    assert "damaged" not in caught.value.message


@pytest.mark.parametrize("share", [0.6, 1.0])
def test_a_jp2_whose_last_box_is_open_breaks_off_without_an_end_marker(tmp_path: Path, share: float) -> None:
    """Length 0 means that the box extends to the end of the file (ITU-T T.800, I.4)."""
    content = bytearray(written([scene((160, 100), "sea", "whole")], "JPEG2000", {}))
    at = content.index(b"jp2c")
    content[at - 4 : at] = bytes(4)
    (tmp_path / "a").write_bytes(content[: int(len(content) * share)])
    assert breaks_off(tmp_path / "a", "jpeg2000") is (share < 1)


def test_a_gif_without_its_trailer_is_whole(tmp_path: Path, pictures: list[Image.Image]) -> None:
    (tmp_path / "a").write_bytes(written(pictures, "GIF", {})[:-1])
    assert not breaks_off(tmp_path / "a", "gif")


@pytest.mark.parametrize(("code", "options"), [FORMS[0], FORMS[2], FORMS[8], FORMS[13], FORMS[15]])
def test_a_recipe_may_accept_a_truncated_file(
    tmp_path: Path, rendered: Run, pictures: list[Image.Image], code: str, options: dict[str, Any]
) -> None:
    content = written(pictures, code, options)
    (tmp_path / "cut").write_bytes(content[: len(content) * 6 // 10])
    assert rendered(tmp_path / "cut", {}, accept_truncated=True).variants[0].width == 160


@pytest.mark.parametrize(("code", "options"), FORMS)
def test_the_message_advises_accept_truncated_where_the_field_helps(
    tmp_path: Path, rendered: Run, pictures: list[Image.Image], code: str, options: dict[str, Any]
) -> None:
    content = written(pictures, code, options)
    (tmp_path / "cut").write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "cut", {"format": "jpeg"})
    advised = "accept_truncated" in caught.value.message
    try:
        rendered(tmp_path / "cut", {"format": "jpeg"}, accept_truncated=True)
        helps = True
    except PermanentError:
        helps = False
    assert advised or not helps
    assert not advised or code not in ("WEBP", "AVIF", "DDS", "QOI")


@pytest.mark.parametrize(
    "cut",
    [lambda: dng()[:-200], lambda: pdf(quarters_page(72, 36))[:40], lambda: jxl(scene((160, 120), "sea", "cut"))[:900]],
    ids=["raw", "pdf", "jxl"],
)
def test_the_message_advises_nothing_where_no_part_of_the_picture_is_read(
    tmp_path: Path, rendered: Run, cut: Callable[[], bytes]
) -> None:
    (tmp_path / "cut").write_bytes(cut())
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "cut", {"raw": "develop"}, accept_truncated=True)
    assert caught.value.cause is Cause.TRUNCATED
    assert "accept_truncated" not in caught.value.message
