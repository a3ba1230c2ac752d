"""TGA: Pillow decodes the pixels, from a plain form if Pillow rejects the file itself."""

import io
from pathlib import Path

from pixelfleet.images.containers.tga_plain import is_plain, most_bytes, plain_tga
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.bitmaps import used_alpha
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image

#: Enough bytes for identification and palette, which stand before the pixels.
_HEAD_BYTES = 70_000


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    with reader_at(path) as read:
        head = read(0, _HEAD_BYTES)
    if is_plain(head):
        return pillow.read_header(path, row, reading)
    with pillow.stumbling():
        return pillow.header_of(pillow.open_picture(io.BytesIO(plain_tga(head)), row))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    with reader_at(path) as read:
        head = read(0, 18)
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
