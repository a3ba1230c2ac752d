"""Sun raster: Pillow decodes the pixels, with the byte order of the format (Sun, rasterfile(5))."""

from pathlib import Path
from typing import Any, Final

from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.vips import Image

#: Pillow treats the last byte of a 32-bit pixel as unused; in the format the first byte is unused.
_ORDERS: Final = {"RGBX": "XRGB", "BGRX": "XBGR"}


def read_header(path: Path, row: Format, _reading: Reading) -> Header:
    with pillow.stumbling():
        return pillow.header_of(_opened(path, row))


def decode(path: Path, row: Format, reading: Reading) -> Image:
    """
    Raises:
        OSError: the raster has runs, and its rows end in a padding byte. Pillow decodes the padding as pixels.
    """
    with pillow.stumbling(), pillow.tolerating(reading.accept_truncated):
        picture = _opened(path, row)
        return pillow.as_vips(pillow.plain(picture), picture.info)


def _opened(path: Path, row: Format) -> Any:
    picture = pillow.open_picture(path, row)
    [tile] = picture.tile
    runs = tile.codec_name == "sun_rle"
    order = tile.args if runs else tile.args[0]
    bits = {"1;I": 1, "L;4": 4, "P;4": 4, "L": 8, "P": 8}.get(order, 32 if order in _ORDERS else 24)
    if runs and (picture.width * bits + 7) // 8 % 2:
        raise OSError("not supported: a Sun raster in runs whose rows have an odd number of bytes")
    order = _ORDERS.get(order, order)
    picture.tile = [tile._replace(args=order if runs else (order, *tile.args[1:]))]
    return picture
