"""TGA: Pillow decodes the pixels, from a plain form if Pillow rejects the file itself."""

import io
from dataclasses import replace
from pathlib import Path

from pixelfleet.images.containers.tga_plain import has_palette_alpha, is_plain, most_bytes, palette_alpha, plain_tga
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.bitmaps import used_alpha
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image, pyvips

#: Enough bytes for identification and palette, which stand before the pixels.
_HEAD_BYTES = 70_000


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    with reader_at(path) as read:
        head = read(0, _HEAD_BYTES)
    if has_palette_alpha(head):
        return replace(pillow.read_header(path, row, reading), has_alpha=True)
    if is_plain(head):
        return pillow.read_header(path, row, reading)
    with pillow.stumbling():
        return pillow.header_of(pillow.open_picture(io.BytesIO(plain_tga(head)), row))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    with reader_at(path) as read:
        head = read(0, 18)
    if has_palette_alpha(head):
        return _with_palette_alpha(path, row, reading)
    if is_plain(head):
        try:
            return used_alpha(pillow.decode(path, row, reading))
        except OSError as error:
            # A run continues into the next row.
            if "overrun" not in str(error):
                raise
    with reader_at(path) as read:
        plain = io.BytesIO(plain_tga(read(0, most_bytes(head))))
    with pillow.stumbling(), pillow.tolerating(reading.accept_truncated):
        picture = pillow.open_picture(plain, row)
        return used_alpha(pillow.as_vips(pillow.plain(picture), picture.info))


def _with_palette_alpha(path: Path, row: Format, reading: Reading) -> Image:
    """The picture with the alpha of its palette, which Pillow drops."""
    with reader_at(path) as read:
        table = palette_alpha(read(0, _HEAD_BYTES))
    with pillow.stumbling(), pillow.tolerating(reading.accept_truncated):
        picture = pillow.open_picture(path, row)
        picture.load()
        image = pillow.as_vips(picture.convert("RGB"), picture.info)
        plane = picture.tobytes().translate(table)
    alpha = pyvips.Image.new_from_memory(plane, image.width, image.height, 1, "uchar")
    return used_alpha(image.bandjoin(alpha).copy(interpretation="srgb"))
