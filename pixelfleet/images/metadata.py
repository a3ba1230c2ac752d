"""What of a source's metadata may stay in a variant that keeps it."""

from typing import Final

from pixelfleet.images.vips import Image

_GPS_FIELDS: Final = "exif-ifd3-"
_XMP: Final = "xmp-data"


def prepare(image: Image, *, keep_gps: bool) -> Image:
    """The image without the place where it was taken, unless the recipe keeps that."""
    if keep_gps:
        return image
    fields = image.get_fields()
    doomed = [name for name in fields if name.startswith(_GPS_FIELDS)]
    if _XMP in fields and b"GPS" in bytes(image.get(_XMP)):
        doomed.append(_XMP)
    if not doomed:
        return image
    bare = image.copy()
    for name in doomed:
        bare.remove(name)
    return bare
