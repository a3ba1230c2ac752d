"""A file that breaks off is never taken for whole, whatever its format."""

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


def test_a_gif_without_its_trailer_is_whole(tmp_path: Path, pictures: list[Image.Image]) -> None:
    (tmp_path / "a").write_bytes(written(pictures, "GIF", {})[:-1])
    assert not breaks_off(tmp_path / "a", "gif")


@pytest.mark.parametrize(("code", "options"), [FORMS[0], FORMS[2], FORMS[8], FORMS[12], FORMS[14]])
def test_a_recipe_may_accept_what_there_is(
    tmp_path: Path, rendered: Run, pictures: list[Image.Image], code: str, options: dict[str, Any]
) -> None:
    content = written(pictures, code, options)
    (tmp_path / "cut").write_bytes(content[: len(content) * 6 // 10])
    assert rendered(tmp_path / "cut", {}, accept_truncated=True).variants[0].width == 160


@pytest.mark.parametrize(("code", "options"), FORMS)
def test_accepting_is_advised_where_it_helps(
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
