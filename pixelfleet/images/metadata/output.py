"""Writes metadata into the file of a variant."""

from pathlib import Path

from pixelfleet.images.fields import with_blobs, without_metadata
from pixelfleet.images.metadata.choice import Blocks
from pixelfleet.images.metadata.exif_tree import Field, read_tree
from pixelfleet.images.metadata.iptc import photoshop_block
from pixelfleet.images.metadata.tiff_output import add_fields
from pixelfleet.images.vips import Image
from pixelfleet.recipes import OutputFormat

_IPTC, _UNDEFINED = 33723, 7

#: The formats that have a block for IPTC; in the others IPTC becomes XMP.
KEEPS_IPTC = frozenset({OutputFormat.JPEG, OutputFormat.TIFF})


def attach(image: Image, blocks: Blocks, kind: OutputFormat) -> tuple[Image, str]:
    """The image with these blocks as the fields that libvips writes, and the value of libvips' option `keep`."""
    if blocks.empty:
        return image, ""
    iptc = photoshop_block(blocks.iptc) if blocks.iptc and kind is OutputFormat.JPEG else b""
    exif = b"" if kind is OutputFormat.TIFF else blocks.exif
    names = [name for name, block in (("exif", exif), ("xmp", blocks.xmp), ("iptc", iptc)) if block]
    marked = b"Exif\0\0" + exif if exif else b""
    return with_blobs(without_metadata(image), exif=marked, xmp=blocks.xmp, iptc=iptc), "|".join(names)


def finish(path: Path, blocks: Blocks, kind: OutputFormat) -> None:
    """Write EXIF and IPTC into a TIFF: libvips writes no EXIF to TIFF, and only a quarter of the IPTC."""
    if kind is OutputFormat.TIFF and (blocks.exif or blocks.iptc):
        add_fields(path, read_tree(blocks.exif), {_IPTC: Field(_UNDEFINED, blocks.iptc)} if blocks.iptc else {})
