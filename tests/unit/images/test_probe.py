"""A probe reads headers, enforces limits and decodes nothing."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import Base

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.samples import broken, photos

Save = Callable[..., Path]
LIMITS = Limits(max_bytes=1_000_000, max_pixels=1_000_000, max_frames=4)


def cause_of(path: Path, limits: Limits = LIMITS) -> Cause:
    with pytest.raises(PermanentError) as caught:
        probe(path, limits)
    assert len(caught.value.message) > 20
    return caught.value.cause


def test_width_and_height_are_as_displayed(save: Save) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    actual = probe(save(Image.new("RGB", (60, 40)), "JPEG", exif=exif), LIMITS)
    assert (actual.width, actual.height, actual.orientation) == (40, 60, 6)


def test_camera_and_time_are_kept_and_the_place_is_kept_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(photos.camera())
    large = Limits(10_000_000, 10_000_000, 1)
    actual = probe(path, large)
    assert (actual.camera, actual.taken_at, actual.gps) == ("Pixelfleet Sample 1", "2026-06-21T21:04:00+02:00", None)
    assert probe(path, large, with_gps=True).gps == (53.541667, 9.966667)
    assert probe(path, large, with_gps=True).exif["gps"] == "53.541667,9.966667"
    assert actual.exif == {"camera": "Pixelfleet Sample 1", "taken_at": "2026-06-21T21:04:00+02:00"}


def test_an_image_that_cannot_stream_has_its_own_limit(tmp_path: Path) -> None:
    """The header declares an interlaced PNG of 256 megapixels. The same PNG without interlacing streams."""
    large = Limits(max_bytes=10**9, max_pixels=10**9, max_frames=1)
    for interlaced in (True, False):
        header = struct.pack(">IIBBBBB", 16_000, 16_000, 8, 0, 0, 0, int(interlaced))
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
        content = b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in chunks
        )
        path = tmp_path / f"{interlaced}.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
        if interlaced:
            assert cause_of(path, large) is Cause.TOO_MANY_PIXELS
        else:
            assert probe(path, large).width == 16_000


def test_a_bomb_inside_an_icon_is_refused(tmp_path: Path) -> None:
    """The directory of the icon declares 16 x 16; the PNG inside declares 60,000 x 60,000."""
    inner = broken.bomb()
    directory = struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inner), 22)
    (tmp_path / "a.ico").write_bytes(directory + inner)
    assert cause_of(tmp_path / "a.ico") is Cause.TOO_MANY_PIXELS


def test_garbage_in_exif_is_not_an_error(save: Save) -> None:
    path = save(Image.new("RGB", (10, 10)), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f" + bytes(40))
    assert probe(path, LIMITS).camera is None


def test_frames_alpha_and_colour_space_are_reported(save: Save) -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "lime", "blue")]
    actual = probe(save(frames[0], "GIF", save_all=True, append_images=frames[1:]), LIMITS)
    assert (actual.frames, actual.animated) == (3, True)
    assert probe(save(Image.new("RGBA", (10, 10)), "PNG"), LIMITS).has_alpha
    assert probe(save(Image.new("CMYK", (10, 10)), "JPEG"), LIMITS).colour_space == "cmyk"


def test_an_empty_file_has_the_cause_empty(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert cause_of(tmp_path / "a") is Cause.EMPTY


def test_text_is_not_an_image(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(broken.text())
    assert cause_of(tmp_path / "a.jpg") is Cause.NOT_AN_IMAGE


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(broken.bomb())
    assert cause_of(tmp_path / "bomb.png") is Cause.TOO_MANY_PIXELS


def test_a_garbled_header_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(broken.garbled())
    assert cause_of(tmp_path / "a.jpg") is Cause.UNREADABLE


def test_too_many_bytes_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(11))
    assert cause_of(tmp_path / "a", Limits(10, 10, 10)) is Cause.TOO_MANY_BYTES


def test_too_many_frames_are_refused(save: Save) -> None:
    frames = [Image.new("L", (4, 4), shade) for shade in range(5)]
    path = save(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert cause_of(path) is Cause.TOO_MANY_FRAMES


def test_limits_count_all_frames_of_an_animation_and_one_page_of_a_document(save: Save) -> None:
    frames = [Image.new("1", (600, 600), shade) for shade in (0, 1, 0)]
    rest = {"save_all": True, "append_images": frames[1:]}
    assert cause_of(save(frames[0], "GIF", **rest)) is Cause.ANIMATION_TOO_LARGE
    assert probe(save(frames[0], "TIFF", compression="group4", **rest), LIMITS).frames == 3
