"""ICO and CUR: Pillow's ICO plugin decodes the largest picture with its mask."""

import io
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from pixelfleet.images.codec_errors import DamagedError
from pixelfleet.images.containers.icon_directory import Icon, shown_icon
from pixelfleet.images.formats import Format
from pixelfleet.images.icons import MAX_ICON_PIXELS
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image


def read_header(path: Path, _row: Format, _reading: Reading) -> Header:
    with pillow.stumbling():
        return pillow.header_of(_picture(_shown(path)))


def decode(path: Path, _row: Format, reading: Reading) -> Image:
    icon = _shown(path)
    with pillow.stumbling(), pillow.tolerating(reading.accept_truncated):
        picture = _picture(icon)
        image = pillow.as_vips(pillow.plain(picture), picture.info)
    if icon.unused_alpha and image.hasalpha():
        return image.extract_band(0, n=image.bands - 1)
    return image


def _shown(path: Path) -> Icon:
    with reader_at(path) as read:
        icon = shown_icon(read)
    if icon is None:
        raise DamagedError("the icon names no picture")
    return icon


def _picture(icon: Icon) -> Any:
    PillowImage.MAX_IMAGE_PIXELS = MAX_ICON_PIXELS
    return PillowImage.open(io.BytesIO(icon.content), formats=("ICO",))
