"""The head of a JPEG file as libvips writes it, for pixels that another encoder writes."""

import struct
from dataclasses import replace
from typing import Final

from pixelfleet.images.colour_space import PROFILE
from pixelfleet.images.containers.jpeg_segments import exif_in
from pixelfleet.images.metadata.choice import Blocks
from pixelfleet.images.metadata.exif_tree import Field, read_tree, write_tree
from pixelfleet.images.metadata.output import attach
from pixelfleet.images.vips import Image, pyvips
from pixelfleet.recipes import OutputFormat

#: The side of the black picture where its size is not written into EXIF.
_SMALL = 8
#: The longest side that libjpeg writes.
_LONGEST: Final = 65_500
#: EXIF's PixelXDimension and PixelYDimension (EXIF 2.32, 4.6.5), as 32-bit numbers.
_WIDTH, _HEIGHT, _LONG = 40962, 40963, 4


def head_of(image: Image, blocks: Blocks, keep: str) -> bytes:
    """A black JPEG with the density, the profile and the metadata of a variant.

    libvips completes EXIF with the density and the size of its picture. `keep` is libvips' option for what the file
    keeps of the image's fields.
    """
    width, height = (min(side, _LONGEST) if blocks.exif else _SMALL for side in (image.width, image.height))
    bands = 1 if image.bands < 3 else 3
    black = pyvips.Image.black(width, height, bands=bands).copy(
        interpretation="b-w" if bands == 1 else "srgb", xres=image.xres, yres=image.yres
    )
    if image.get_typeof(PROFILE):
        black.set_type(pyvips.GValue.blob_type, PROFILE, image.get(PROFILE))
    black, _ = attach(black, blocks, OutputFormat.JPEG)
    head: bytes = black.jpegsave_buffer(Q=1, keep=keep)
    return head


def exif_of(image: Image, blocks: Blocks) -> bytes:
    """The EXIF of a variant as libvips completes it, a TIFF structure. The sides may be longer than those of JPEG."""
    exif = exif_in(head_of(image, blocks, "exif"))
    if max(image.width, image.height) <= _LONGEST:
        return exif
    sides = {
        tag: Field(_LONG, struct.pack("<I", side)) for tag, side in ((_WIDTH, image.width), (_HEIGHT, image.height))
    }
    tree = read_tree(exif)
    return write_tree(replace(tree, exif=tree.exif | sides))
