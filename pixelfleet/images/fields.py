"""Fields of a libvips image: what lies beside its pixels."""

from typing import Any, Final

from pixelfleet.images.vips import Image, pyvips

_METADATA: Final = (b"exif-", b"xmp-", b"iptc-", b"photoshop-", b"jpeg-thumbnail", b"orientation", b"png-comment-")


def field(image: Image, name: str, default: Any) -> Any:
    """A field of the image, or the default where the field is missing."""
    return image.get(name) if image.get_typeof(name) else default


def without_metadata(image: Image) -> Image:
    """Without the blocks of the source and the fields that libvips has taken out of them.

    Names are bytes here: those of PNG text may be no UTF-8, on which pyvips' own `get_fields` fails.
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
    """The image with metadata of these names (`exif`, `xmp`, `iptc`) beside what it has."""
    copied = image.copy()
    for name, content in blobs.items():
        if content:
            copied.set_type(pyvips.GValue.blob_type, f"{name}-data", content)
    return copied
