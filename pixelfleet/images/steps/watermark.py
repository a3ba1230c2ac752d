"""Watermarks."""

from pixelfleet.images.geometry import corner
from pixelfleet.images.marks import image_mark, text_mark
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant


def watermark(image: Image, variant: Variant, _first: Image) -> Image:
    """Lay the mark over the image. The width of the mark is a share of the image width, so that all variants look
    alike."""
    mark = variant.watermark
    if mark is None:
        return image
    width = max(1, round(image.width * mark.width))
    overlay = text_mark(mark, width) if mark.text else image_mark(mark, width)
    margin = round(min(image.width, image.height) * mark.margin)
    left, top = corner((image.width, image.height), (overlay.width, overlay.height), mark.position, margin)
    if image.bands < 3:
        image = image.colourspace("srgb")
    marked = image.composite2(overlay, "over", x=left, y=top).cast("uchar")
    return marked if image.hasalpha() else marked.extract_band(0, n=3)
