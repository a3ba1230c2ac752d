"""Fields of a libvips image: the data beside its pixels."""

from typing import Any, Final

from pixelfleet.images.vips import Image, pyvips

_METADATA: Final = (b"exif-", b"xmp-", b"iptc-", b"photoshop-", b"jpeg-thumbnail", b"orientation", b"png-comment-")


def field(image: Image, name: str, default: Any) -> Any:
    """A field of the image, or the default where the field is missing."""
    return image.get(name) if image.get_typeof(name) else default


def without_metadata(image: Image) -> Image:
    """The image without the metadata blocks of the source and without the fields that libvips read from the blocks.

    Names are bytes here: names of PNG text may not be UTF-8, and pyvips' own `get_fields` fails on such names.
    """
    bare = image.copy()
    for name in _names(bare):
        if name.startswith(_METADATA):
            pyvips.vips_lib.vips_image_remove(bare.pointer, name)
    return bare


def _names(image: Image) -> list[bytes]:
    listed = pyvips.vips_lib.vips_image_get_fields(image.pointer)
    names: list[bytes] = []
    while listed[len(names)] != pyvips.ffi.NULL:
        names.append(pyvips.ffi.string(listed[len(names)]))
        pyvips.glib_lib.g_free(listed[len(names) - 1])
    pyvips.glib_lib.g_free(listed)
    return names


def with_blobs(image: Image, **blobs: bytes | None) -> Image:
    """The image with metadata of these names (`exif`, `xmp`, `iptc`) added."""
    copied = image.copy()
    for name, content in blobs.items():
        if content:
            copied.set_type(pyvips.GValue.blob_type, f"{name}-data", content)
    return copied
