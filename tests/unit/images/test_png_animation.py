"""Animated PNG (PNG, third edition, 11.3.6). The expected values are computed by hand from the specification."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.errors import Cause, ProcessingError
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.probe import probe
from tests.unit.images.conftest import LIMITS

Run = Callable[..., Rendition]
Rgba = tuple[int, int, int, int]
RED, BLUE, CLEAR = (255, 0, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)
HALF_GREEN: Rgba = (0, 255, 0, 128)
NONE, BACKGROUND, PREVIOUS, SOURCE, OVER = 0, 1, 2, 0, 1
#: Left, top, width, height; colour; dispose, blend.
Painted = tuple[tuple[int, int, int, int], Rgba, int, int]
WHOLE, MIDDLE = (0, 0, 4, 4), (1, 1, 2, 2)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def pixels(size: tuple[int, int], colour: Rgba) -> bytes:
    return zlib.compress((b"\0" + bytes(colour) * size[0]) * size[1])


def apng(*frames: Painted, default: Rgba | None = None, plays: int = 0, first_number: int = 0) -> bytes:
    """4 x 4 pixels, 100 ms a frame; `default` is the colour of a still picture that is not a frame."""
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 6, 0, 0, 0))]
    parts.append(chunk(b"acTL", struct.pack(">II", len(frames), plays)))
    if default:
        parts.append(chunk(b"IDAT", pixels((4, 4), default)))
    number = first_number
    for at, ((left, top, width, height), colour, dispose, blend) in enumerate(frames):
        control = struct.pack(">5I2H2B", number, width, height, left, top, 1, 10, dispose, blend)
        parts.append(chunk(b"fcTL", control))
        number += 1
        data = pixels((width, height), colour)
        if at == 0 and default is None:
            parts.append(chunk(b"IDAT", data))
        else:
            parts.append(chunk(b"fdAT", struct.pack(">I", number) + data))
            number += 1
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def shown(path: Path) -> list[tuple[Any, Any]]:
    """The colours of the corner and of the middle of every frame."""
    frames = []
    with Image.open(path) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            frame = picture.convert("RGBA")
            frames.append((frame.getpixel((0, 0)), frame.getpixel((2, 2))))
    return frames


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([(WHOLE, RED, NONE, SOURCE), (MIDDLE, BLUE, NONE, SOURCE)], [(RED, RED), (RED, BLUE)]),
        ([(WHOLE, RED, NONE, SOURCE), (MIDDLE, HALF_GREEN, NONE, SOURCE)], [(RED, RED), (RED, HALF_GREEN)]),
        ([(WHOLE, RED, NONE, SOURCE), (MIDDLE, HALF_GREEN, NONE, OVER)], [(RED, RED), (RED, (127, 128, 0, 255))]),
        (
            [(WHOLE, RED, BACKGROUND, SOURCE), (MIDDLE, HALF_GREEN, NONE, OVER)],
            [(RED, RED), (CLEAR, HALF_GREEN)],
        ),
        (
            [(WHOLE, RED, NONE, SOURCE), (MIDDLE, BLUE, BACKGROUND, SOURCE), ((0, 0, 1, 1), BLUE, NONE, SOURCE)],
            [(RED, RED), (RED, BLUE), (BLUE, CLEAR)],
        ),
        (
            [(WHOLE, RED, NONE, SOURCE), (MIDDLE, BLUE, PREVIOUS, SOURCE), ((0, 0, 1, 1), BLUE, NONE, SOURCE)],
            [(RED, RED), (RED, BLUE), (BLUE, RED)],
        ),
        # The first frame has no previous canvas: its area is cleared.
        ([(WHOLE, RED, PREVIOUS, SOURCE), (MIDDLE, BLUE, NONE, OVER)], [(RED, RED), (CLEAR, BLUE)]),
        # The same half-transparent colour twice: alpha is 1 - (1 - 128 / 255)^2 of 255.
        (
            [(WHOLE, HALF_GREEN, NONE, SOURCE), (MIDDLE, HALF_GREEN, NONE, OVER)],
            [(HALF_GREEN, HALF_GREEN), (HALF_GREEN, (0, 255, 0, 192))],
        ),
    ],
)
def test_frames_are_painted_by_the_rules_of_disposal_and_blending(
    tmp_path: Path, rendered: Run, frames: list[Painted], expected: list[tuple[Rgba, Rgba]]
) -> None:
    (tmp_path / "a.png").write_bytes(apng(*frames))
    [variant] = rendered(tmp_path / "a.png", {"lossless": True}).variants
    assert (variant.format, variant.frames) == ("webp", len(frames))
    for actual, right in zip(shown(variant.path), expected, strict=True):
        for one, other in zip(actual, right, strict=True):
            assert one[3] == other[3]
            assert other[3] == 0 or max(abs(here - there) for here, there in zip(one, other, strict=True)) <= 1


def test_durations_and_the_number_of_plays_stay(tmp_path: Path, rendered: Run) -> None:
    (tmp_path / "a.png").write_bytes(apng((WHOLE, RED, NONE, SOURCE), (WHOLE, BLUE, NONE, SOURCE), plays=3))
    [variant] = rendered(tmp_path / "a.png", {"format": "webp"}).variants
    with Image.open(variant.path) as picture:
        picture.load()
        assert (picture.info["loop"], picture.info["duration"]) == (3, 100)


def test_a_still_variant_shows_a_default_image_that_is_not_a_frame(tmp_path: Path, rendered: Run) -> None:
    frames = (WHOLE, RED, NONE, SOURCE), (WHOLE, BLUE, NONE, SOURCE)
    (tmp_path / "a.png").write_bytes(apng(*frames, default=(9, 99, 9, 255)))
    moving, still, second = rendered(
        tmp_path / "a.png", {"lossless": True}, {"format": "png"}, {"format": "png", "page": 2}
    ).variants
    assert [frame[0] for frame in shown(moving.path)] == [RED, BLUE]
    assert shown(still.path)[0][0] == (9, 99, 9, 255)
    assert shown(second.path)[0][0] == BLUE


def test_invalid_frames_leave_only_the_still_picture(tmp_path: Path, rendered: Run) -> None:
    good = (WHOLE, RED, NONE, SOURCE)
    beyond = ((3, 3, 2, 2), BLUE, NONE, SOURCE)
    for content in (apng(good, beyond), apng(good, (WHOLE, BLUE, NONE, SOURCE), first_number=1), apng(good)):
        (tmp_path / "a.png").write_bytes(content)
        [variant] = rendered(tmp_path / "a.png", {}).variants
        assert (variant.format, variant.frames) == ("jpeg", 1)


def test_the_limits_count_frames(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(apng(*[(WHOLE, RED, NONE, SOURCE)] * (LIMITS.max_frames + 1)))
    with pytest.raises(ProcessingError) as error:
        probe(tmp_path / "a.png", LIMITS)
    assert error.value.cause is Cause.TOO_MANY_FRAMES


def test_a_file_without_its_last_frames_is_truncated(tmp_path: Path, rendered: Run) -> None:
    content = apng(*[(WHOLE, colour, NONE, SOURCE) for colour in (RED, BLUE, CLEAR)])
    (tmp_path / "a.png").write_bytes(content[: content.rindex(b"fcTL") - 4])
    with pytest.raises(ProcessingError) as error:
        rendered(tmp_path / "a.png", {"format": "webp"})
    assert error.value.cause is Cause.TRUNCATED
    [variant] = rendered(tmp_path / "a.png", {"format": "webp"}, accept_truncated=True).variants
    assert variant.frames == 2


def test_frames_with_a_palette_are_read(save: Callable[..., Path], rendered: Run) -> None:
    frames = [Image.new("P", (8, 8), number) for number in (0, 1)]
    for frame in frames:
        frame.putpalette([200, 40, 40, 40, 60, 200])
    source = save(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50)
    [variant] = rendered(source, {"lossless": True}).variants
    assert [frame[0] for frame in shown(variant.path)] == [(200, 40, 40, 255), (40, 60, 200, 255)]
