"""The head of a JPEG file as libvips writes it, for pixels that another encoder writes."""

from pixelfleet.images.colour_space import PROFILE
from pixelfleet.images.metadata.choice import Blocks
from pixelfleet.images.metadata.output import attach
from pixelfleet.images.vips import Image, pyvips
from pixelfleet.recipes import OutputFormat

#: The side of the black picture where its size is not written into EXIF.
_SMALL = 8


def head_of(image: Image, blocks: Blocks, keep: str) -> bytes:
    """A black JPEG with the density, the profile and the metadata of a variant.

    libvips completes EXIF with the density and the size of its picture. `keep` is libvips' option for what the file
    keeps of the image's fields.
    """
    width, height = (image.width, image.height) if blocks.exif else (_SMALL, _SMALL)
    bands = 1 if image.bands < 3 else 3
    black = pyvips.Image.black(width, height, bands=bands).copy(
        interpretation="b-w" if bands == 1 else "srgb", xres=image.xres, yres=image.yres
    )
    if image.get_typeof(PROFILE):
        black.set_type(pyvips.GValue.blob_type, PROFILE, image.get(PROFILE))
    black, _ = attach(black, blocks, OutputFormat.JPEG)
    head: bytes = black.jpegsave_buffer(Q=1, keep=keep)
    return head
