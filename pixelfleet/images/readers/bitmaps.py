"""Windows bitmaps, decoded by Pillow. libvips decodes bitmaps with bit masks: any bits of a pixel may be a colour.
`containers.bmp_runs` decodes runs and unusual palettes."""

from pathlib import Path
from typing import Final

from pixelfleet.images.colour_space import Space, mark
from pixelfleet.images.containers.bmp_masks import Masks, bmp_masks, bmp_profile
from pixelfleet.images.containers.bmp_runs import RunBitmap, pixels_of, run_bitmap
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.vips import Image, pyvips

_WITH_MASKS: Final = frozenset({"bmp", "dib"})
#: The most bits of a mask that are used; a longer mask is cut to its upper bits.
_MASK_BITS: Final = 16


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    runs = _runs(path, row)
    if runs is not None:
        return Header(runs.width, runs.height, 1, 1, "srgb", has_alpha=runs.runs, exif=b"", held=True)
    masks = _masks(path, row)
    if masks is None:
        return pillow.read_header(path, row, reading)
    return Header(masks.width, masks.height, 1, 1, "srgb", has_alpha=masks.alpha > 0, exif=b"", held=True)


def decode(path: Path, row: Format, reading: Reading) -> Image:
    runs = _runs(path, row)
    if runs is not None:
        return _by_runs(path, runs, reading)
    masks = _masks(path, row)
    image = used_alpha(pillow.decode(path, row, reading) if masks is None else _by_masks(path, masks, reading))
    with reader_at(path) as read:
        profile = bmp_profile(read)
    return mark(image, Space(profile)) if profile else image


def used_alpha(image: Image) -> Image:
    """The image without an alpha that is 0 everywhere. Windows, browsers and ImageMagick show a 32-bit bitmap as opaque
    if its fourth byte is always 0: the writer left the byte unused."""
    if image.hasalpha() and image.extract_band(image.bands - 1).max() == 0:
        return image.extract_band(0, n=image.bands - 1)
    return image


def _masks(path: Path, row: Format) -> Masks | None:
    if row.name not in _WITH_MASKS:
        return None
    with reader_at(path) as read:
        return bmp_masks(read)


def _runs(path: Path, row: Format) -> RunBitmap | None:
    if row.name not in _WITH_MASKS:
        return None
    with reader_at(path) as read:
        return run_bitmap(read)


def _by_runs(path: Path, bitmap: RunBitmap, reading: Reading) -> Image:
    """The picture with its palette. A pixel that no run has painted is transparent, as in browsers."""
    with reader_at(path) as read:
        pixels = pixels_of(bitmap, read(bitmap.offset, path.stat().st_size))
    if not (pixels.complete or reading.accept_truncated):
        raise OSError("image file is truncated")
    size = bitmap.width, bitmap.height
    if bitmap.bits > 8:
        bgr = pyvips.Image.new_from_memory(pixels.content, *size, 3, "uchar")
        image = bgr.extract_band(2).bandjoin([bgr.extract_band(1), bgr.extract_band(0)])
    else:
        # A pixel beyond the palette is black.
        palette = bitmap.palette.ljust(4 * 256, b"\0")
        planes = [pixels.content.translate(palette[band : 4 * 256 : 4]) for band in (2, 1, 0)]
        bands = [pyvips.Image.new_from_memory(plane, *size, 1, "uchar") for plane in planes]
        image = bands[0].bandjoin(bands[1:])
    if not all(pixels.painted):
        image = image.bandjoin(pyvips.Image.new_from_memory(pixels.painted, *size, 1, "uchar") * 255).cast("uchar")
    return image.copy(interpretation="srgb")


def _by_masks(path: Path, masks: Masks, reading: Reading) -> Image:
    length = masks.row_bytes * masks.height
    with reader_at(path) as read:
        rows = read(masks.offset, length)
    if len(rows) < length:
        if not reading.accept_truncated:
            raise OSError(f"image file is truncated ({len(rows)} of {length} bytes)")
        rows = rows.ljust(length, b"\0")
    sample = "ushort" if masks.bits == 16 else "uint"
    whole = pyvips.Image.new_from_memory(rows, masks.row_bytes * 8 // masks.bits, masks.height, 1, sample)
    pixels = whole.crop(0, 0, masks.width, masks.height)
    if not masks.top_down:
        pixels = pixels.flip("vertical")
    fields = [masks.red, masks.green, masks.blue, *([masks.alpha] if masks.alpha else [])]
    bands = [_field(pixels, mask) for mask in fields]
    return bands[0].bandjoin(bands[1:]).copy(interpretation="srgb")


def _field(pixels: Image, mask: int) -> Image:
    """The bits of the mask, stretched to 8 bits."""
    if mask == 0:
        return (pixels * 0).cast("uchar")
    shift = (mask & -mask).bit_length() - 1
    shift += max(0, mask.bit_length() - shift - _MASK_BITS)
    most = mask >> shift
    return (((pixels >> shift) & most) * (255 / most)).rint().cast("uchar")
