"""PCX and SGI: Pillow decodes the pixels, from a plain form where Pillow rejects the file itself."""

import io
from pathlib import Path
from typing import BinaryIO

from pixelfleet.images.containers import pcx_plain, sgi_plain
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    with reader_at(path) as read:
        head = read(0, 128)
    if row.name != "pcx" or pcx_plain.is_plain(head):
        return pillow.read_header(path, row, reading)
    with pillow.stumbling():
        return pillow.header_of(pillow.open_picture(io.BytesIO(pcx_plain.plain_pcx(head)), row))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    with reader_at(path) as read:
        unusual = row.name == "pcx" and not pcx_plain.is_plain(read(0, 128))
    if unusual:
        return _from(io.BytesIO(pcx_plain.plain_pcx(path.read_bytes())), row, reading)
    try:
        return pillow.decode(path, row, reading)
    except OSError as error:
        if row.name != "sgi" or "overrun" not in str(error):
            raise
    return _from(io.BytesIO(sgi_plain.plain_sgi(path.read_bytes(), tolerant=reading.accept_truncated)), row, reading)


def _from(plain: BinaryIO, row: Format, reading: Reading) -> Image:
    with pillow.stumbling(), pillow.tolerating(reading.accept_truncated):
        picture = pillow.open_picture(plain, row)
        return pillow.as_vips(pillow.plain(picture), picture.info)
