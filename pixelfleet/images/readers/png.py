"""PNG: libvips decodes the pixels; the chunks of the third edition declare the colours and the animation.

A still variant shows the default image, which programs without animation show; the default image may be no frame of
the animation.
"""

from dataclasses import replace
from pathlib import Path

from pixelfleet.images.bands import from_limited_range
from pixelfleet.images.colour_space import PROFILE, Space, mark, of_code_points, of_gamma
from pixelfleet.images.containers.png_animation import animation_of
from pixelfleet.images.containers.png_chunks import PngColours, png_colours
from pixelfleet.images.containers.png_metadata import png_metadata
from pixelfleet.images.fields import field, with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.metadata.exif_tree import orientation
from pixelfleet.images.readers import libvips
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.readers.png_frames import composed
from pixelfleet.images.vips import Image, pyvips


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    header = libvips.header_of(_loaded(path, row, reading))
    with reader_at(path) as read:
        animation = animation_of(read)
    return header if animation is None else replace(header, frames=len(animation.frames), held=True)


def decode(path: Path, row: Format, reading: Reading) -> Image:
    image = _loaded(path, row, reading)
    if reading.frames < 0 or reading.page > 0:
        image = _moving(path, image, reading)
    with reader_at(path) as read:
        colours = png_colours(read)
    if colours.cicp and not colours.cicp.full_range:
        # The samples have the range of video (PNG, third edition, 11.3.2.6).
        image = from_limited_range(image)
    space = _space(colours, image)
    return image if space is None else mark(image, space)


def _moving(path: Path, still: Image, reading: Reading) -> Image:
    """The frames of the animation, with the metadata and the profile of the still picture."""
    with reader_at(path) as read:
        animation = animation_of(read)
    if animation is None:
        return still
    image = composed(path, animation, reading)
    image = with_blobs(image, **{name: field(still, f"{name}-data", None) for name in ("exif", "xmp", "iptc")})
    if still.get_typeof("orientation"):
        image.set_type(pyvips.GValue.gint_type, "orientation", still.get("orientation"))
    return mark(image, Space(still.get(PROFILE))) if still.get_typeof(PROFILE) else image


def _loaded(path: Path, row: Format, reading: Reading) -> Image:
    """The image with all metadata. libvips reads only metadata that stand before the pixels."""
    image = libvips.load(path, row, reading)
    with reader_at(path) as read:
        blocks = png_metadata(read)
    image = with_blobs(image, **blocks)
    if turn := orientation(blocks.get("exif", b"")):
        image.set_type(pyvips.GValue.gint_type, "orientation", turn)
    return image


def _space(colours: PngColours, image: Image) -> Space | None:
    """cICP, then iCCP, then sRGB, then gAMA with cHRM (PNG, third edition, 4.3). None keeps the space that libvips
    set."""
    grey = image.bands < 3
    if colours.cicp and colours.cicp.matrix == 0:
        space = of_code_points(colours.cicp.primaries, colours.cicp.transfer, grey=grey)
        if space is not None:
            return space
    if image.get_typeof(PROFILE) or colours.srgb or (colours.gamma is None and colours.chromaticities is None):
        return None
    return of_gamma(colours.gamma, colours.chromaticities, grey=grey)
