"""TIFF: the full-resolution picture with its declared bands; libvips decodes it, and Pillow decodes unusual kinds."""

from pathlib import Path
from typing import Any, Final

from PIL import TiffImagePlugin, UnidentifiedImageError

from pixelfleet.images.codec_errors import DamagedError
from pixelfleet.images.colour_space import SRGB, Space, mark
from pixelfleet.images.containers.tiff_directories import Directory
from pixelfleet.images.containers.tiff_pages import TiffPage, pages
from pixelfleet.images.fields import with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.metadata.tiff_source import exif_of
from pixelfleet.images.readers import libvips, pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.readers.tiff_bands import Layout, from_lab, layout_of, meaningful, shown_wrong
from pixelfleet.images.readers.tiff_ycbcr import plain_ycbcr, ycbcr_to_rgb
from pixelfleet.images.vips import Image

_COMPRESSION, _BITS, _TILE_WIDTH, _TILE_BYTES, _PLANAR = 259, 258, 322, 325, 284
_ICC, _ORIENTATION, _XMP, _IPTC = 34675, 274, 700, 33723
#: Compressions that libvips' libtiff lacks: LZMA, Zstandard, and JPEG of TIFF 6.0, section 22, which no writer has used
#: since 1995.
_PILLOW_COMPRESSIONS: Final = frozenset({6, 34925, 50000})
#: Compressions that libvips' libtiff decodes: none, CCITT, LZW, JPEG, deflate, NeXT, PackBits, ThunderScan, PixarLog,
#: SGI's logarithms, WebP. libvips shows tiles in another compression as black, without an error.
_VIPS_COMPRESSIONS: Final = frozenset(
    {1, 2, 3, 4, 5, 7, 8, 32766, 32771, 32773, 32809, 32909, 32946, 34676, 34677, 50001}
)
_YCBCR: Final = 6
_SCALE_12_BITS: Final = 65_535 / 4_095


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    with reader_at(path) as read:
        every = pages(read)
        page = _page(every, reading)
        exif = exif_of(read, page.directory)
        layout = layout_of(page.directory)
        by_pillow = _by_pillow(page.directory, layout)
        _check(page.directory, by_pillow=by_pillow)
        if by_pillow:
            header = _pillow_header(path, row, page)
        else:
            header = libvips.header_of(meaningful(_loaded(path, row, reading, page), layout))
    return Header(
        header.width, header.height, len(every), header.orientation, header.colour_space, header.has_alpha, exif,
        held=by_pillow,
    )  # fmt: skip


def decode(path: Path, row: Format, reading: Reading) -> Image:
    with reader_at(path) as read:
        page = _page(pages(read), reading)
        exif = exif_of(read, page.directory)
        layout = layout_of(page.directory)
        by_pillow = _by_pillow(page.directory, layout)
        _check(page.directory, by_pillow=by_pillow)
        if not by_pillow:
            image = meaningful(_loaded(path, row, reading, page), layout)
            ycbcr = plain_ycbcr(page.directory)
            if ycbcr and image.format == "uchar" and image.bands >= 3:
                image = ycbcr_to_rgb(image, ycbcr)
            return with_blobs(image, exif=exif)
        blobs = {"exif": exif, "xmp": page.directory.data(_XMP), "iptc": page.directory.data(_IPTC)}
        image = _by_pillow_decoded(path, row, reading, page, layout)
        profile = page.directory.data(_ICC)
    return with_blobs(mark(image, Space(profile) if profile else SRGB), **blobs)


def _page(every: list[TiffPage], reading: Reading) -> TiffPage:
    if reading.page < len(every):
        return every[reading.page]
    raise DamagedError("it has no directory of a picture")


def _loaded(path: Path, row: Format, reading: Reading, page: TiffPage) -> Image:
    options: dict[str, Any] = {"page": page.index, "fail_on": _fail_on(page.directory)}
    if page.sub is not None:
        options["subifd"] = page.sub
    # Without `unlimited`, libtiff allocates at most 50 MB, which is too little for scans of one compressed strip. With
    # `unlimited`, the file's own size bounds the allocation. A missing strip counts as an error of another kind.
    return libvips.load(path, row, reading, unlimited=True, **options)


def _fail_on(directory: Directory) -> str:
    """The level from which libvips fails. libvips reports an error in a strip from `error` on, and an error in a tile
    from `warning` on; at this level, a warning is not a failure. A sparse raster omits tiles, whose samples are 0
    (GDAL, "Sparse files"). libvips reports no error for omitted tiles, and thus for no tile of such a file."""
    if _TILE_WIDTH not in directory.entries:
        return "error"
    return "error" if 0 in directory.numbers(_TILE_BYTES) else "warning"


def _check(directory: Directory, *, by_pillow: bool) -> None:
    """
    Raises:
        OSError: the decoder would show this kind of picture wrong, without an error.
    """
    compression = directory.number(_COMPRESSION, 1)
    if not by_pillow and compression not in _VIPS_COMPRESSIONS:
        raise OSError(f"not supported: TIFF compression {compression}")
    if kind := shown_wrong(directory):
        raise OSError(f"not supported: {kind}")


def _by_pillow(directory: Directory, layout: Layout) -> bool:
    """Whether libvips rejects this kind of picture and Pillow reads it. Such a picture is held whole in memory."""
    if directory.number(_COMPRESSION, 1) in _PILLOW_COMPRESSIONS or layout.signed_lab:
        return True
    if any(bits == 12 for bits in directory.numbers(_BITS)):
        return True
    # libvips shows planes of YCbCr side by side.
    apart = _TILE_WIDTH in directory.entries or layout.photometric == _YCBCR
    return apart and directory.number(_PLANAR, 1) == 2


def _pillow_header(path: Path, row: Format, page: TiffPage) -> Header:
    with pillow.stumbling():
        return pillow.header_of(_pillow_picture(path, row, page))


def _pillow_picture(path: Path, row: Format, page: TiffPage) -> Any:
    if page.sub is not None:
        raise OSError("not supported: this kind of TIFF in a directory below another")
    # Pillow's own decoder of uncompressed tiles shows only one of several separate planes; libtiff's decoder shows all.
    TiffImagePlugin.READ_LIBTIFF = True
    try:
        picture = pillow.open_picture(path, row, "TIFF")
    except UnidentifiedImageError:
        # Pillow reads a fixed list of combinations of bits, samples and colours. libvips does not read the rest,
        # either.
        raise OSError("not supported: this combination of bits, samples and colours") from None
    picture.seek(page.index)
    return picture


def _by_pillow_decoded(path: Path, row: Format, reading: Reading, page: TiffPage, layout: Layout) -> Image:
    """Decodes with Pillow, which rotates a TIFF upright during loading."""
    with pillow.stumbling(), pillow.tolerating(reading.accept_truncated):
        picture = _pillow_picture(path, row, page)
        if picture.mode == "LAB":
            return from_lab(pillow.lab_samples(picture), signed=False)
        if picture.mode == "RGBa":
            picture = picture.convert("RGBA")
        image = pillow.as_vips(pillow.plain(picture), {})
    if layout.bits == 12 and image.format == "ushort":
        return (image * _SCALE_12_BITS).cast("ushort").copy(interpretation="grey16")
    return image
