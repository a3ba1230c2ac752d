"""The frames of an animated PNG on their canvas: libvips decodes each frame (PNG, third edition, 11.3.6.2)."""

from pathlib import Path

from pixelfleet.images.codec_errors import DamagedError
from pixelfleet.images.containers.png_animation import Animation, Dispose, Frame
from pixelfleet.images.readers.contract import Reading
from pixelfleet.images.readers.file import Read, reader_at
from pixelfleet.images.vips import Image, pyvips


def composed(path: Path, animation: Animation, reading: Reading) -> Image:
    """The frame `reading.page`, or with `reading.frames` of -1 all frames as one tall image, as libvips loads an
    animated GIF. Samples have 8 bits, with alpha.

    Raises:
        DamagedError: the file ends before its last frame.
        pyvips.Error: a frame cannot be decoded.
    """
    if reading.frames >= 0:
        return _shown(path, animation, reading, reading.page + 1)[-1]
    if not (animation.complete or reading.accept_truncated):
        raise DamagedError("unexpected end of file: frames are missing")
    frames = _shown(path, animation, reading, len(animation.frames))
    tall = pyvips.Image.arrayjoin(frames, across=1).copy(interpretation=frames[0].interpretation)
    tall.set_type(pyvips.GValue.gint_type, "page-height", animation.height)
    tall.set_type(pyvips.GValue.gint_type, "n-pages", len(frames))
    tall.set_type(pyvips.GValue.gint_type, "loop", animation.plays)
    tall.set_type(pyvips.GValue.array_int_type, "delay", [frame.delay for frame in animation.frames])
    return tall


def _shown(path: Path, animation: Animation, reading: Reading, count: int) -> list[Image]:
    """The canvas after each of the first `count` frames. The canvas starts transparent."""
    shown: list[Image] = []
    canvas: Image | None = None
    with reader_at(path) as read:
        for number, frame in enumerate(animation.frames[:count]):
            pixels = _pixels(animation, frame, reading, read)
            if canvas is None:
                canvas = _clear(pixels, animation.width, animation.height)
            before = canvas
            painted = _painted(before, pixels, frame) if frame.over else pixels
            after = before.insert(painted, frame.left, frame.top).copy_memory()
            shown.append(after)
            if frame.dispose is Dispose.BACKGROUND or (frame.dispose is Dispose.PREVIOUS and number == 0):
                canvas = after.insert(_clear(pixels, frame.width, frame.height), frame.left, frame.top)
            else:
                canvas = before if frame.dispose is Dispose.PREVIOUS else after
    return shown


def _pixels(animation: Animation, frame: Frame, reading: Reading, read: Read) -> Image:
    image = pyvips.Image.pngload_buffer(
        animation.file_of(frame, read), fail_on="none" if reading.accept_truncated else "truncated"
    )
    if image.format == "ushort":
        image = (image / 257).rint().cast("uchar").copy(interpretation="b-w" if image.bands < 3 else "srgb")
    return (image if image.hasalpha() else image.bandjoin(255)).copy_memory()


def _clear(like: Image, width: int, height: int) -> Image:
    return pyvips.Image.black(width, height, bands=like.bands).copy(interpretation=like.interpretation)


def _painted(canvas: Image, pixels: Image, frame: Frame) -> Image:
    """The frame over its area of the canvas: the operator `over` of Porter and Duff (PNG, third edition, 13.16)."""
    below = canvas.crop(frame.left, frame.top, frame.width, frame.height)
    share = 1 - pixels.extract_band(pixels.bands - 1) / 255
    painted = pixels.premultiply() + below.premultiply() * share
    return painted.copy(interpretation=pixels.interpretation).unpremultiply().rint().cast("uchar")
