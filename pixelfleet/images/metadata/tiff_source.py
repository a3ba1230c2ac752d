"""The EXIF of a TIFF: descriptive fields of the picture's own directory, and the directories below this directory."""

from typing import Final

from pixelfleet.images.containers.tiff_directories import Directory, Read
from pixelfleet.images.metadata.exif_tree import EXIF_IFD, GPS_IFD, ExifTree, tree_of_file, write_tree

#: Fields that describe the picture and not its byte layout (TIFF 6.0; EXIF 2.32, table 4; Microsoft's XP fields).
DESCRIPTIVE: Final = frozenset(
    {269, 270, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095, 50971}
)


def exif_of(read: Read, directory: Directory) -> bytes:
    """An EXIF block of the fields that describe the picture of a TIFF; empty if there are no such fields."""
    if not directory.entries.keys() & (DESCRIPTIVE | {EXIF_IFD, GPS_IFD}):
        return b""
    tree = tree_of_file(read, directory)
    image = {tag: field for tag, field in tree.image.items() if tag in DESCRIPTIVE}
    return write_tree(ExifTree(image, tree.exif, tree.gps))
