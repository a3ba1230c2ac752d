"""PSD and PSB: the merged picture, of 1, 8 or 16 bits; layers are not composed."""

from pathlib import Path
from typing import Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.colour_space import SRGB, Space, mark
from pixelfleet.images.containers.psd_sections import Psd, psd_sections
from pixelfleet.images.fields import with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.metadata.exif_tree import orientation
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.readers.psd_planes import planes
from pixelfleet.images.readers.tiff_bands import from_lab
from pixelfleet.images.vips import Image, pyvips

_BITMAP, _GREY, _INDEXED, _RGB, _CMYK, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 8, 9
_MODES: Final = {
    _BITMAP: "bitmap", _GREY: "greyscale", _INDEXED: "indexed", _RGB: "RGB", _CMYK: "CMYK", 7: "multichannel",
    _DUOTONE: "duotone", _LAB: "Lab",
}  # fmt: skip
_COLOURS: Final = {_BITMAP: 1, _GREY: 1, _INDEXED: 1, _RGB: 3, _CMYK: 4, _DUOTONE: 1, _LAB: 3}
_SPACES: Final = {_INDEXED: "srgb", _RGB: "srgb", _CMYK: "cmyk", _LAB: "lab"}
#: Image resources: the profile, EXIF data 1, XMP metadata, IPTC-NAA record.
_ICC, _EXIF, _XMP, _IPTC = 1039, 1058, 1060, 1028
#: Image resource: the index of the palette that is transparent.
_TRANSPARENT_INDEX: Final = 1047
_DEPTHS: Final = (8, 16)
#: A colour may exceed the limit that its alpha allows by this many steps.
_ROUNDING: Final = 2


def read_header(path: Path, _row: Format, _reading: Reading) -> Header:
    psd = _checked(path)
    deep = psd.depth == 16 and psd.mode in (_GREY, _DUOTONE, _RGB)
    space = _SPACES.get(psd.mode, "b-w")
    return Header(
        psd.width,
        psd.height,
        1,
        orientation(psd.resources.get(_EXIF, b"")) or 1,
        {"srgb": "rgb16", "b-w": "grey16"}.get(space, space) if deep else space,
        _has_alpha(psd) or _transparent_index(psd) is not None,
        psd.resources.get(_EXIF, b""),
        held=True,
    )


def decode(path: Path, _row: Format, reading: Reading) -> Image:
    """The merged picture. A saved selection is not transparency.

    Raises:
        PermanentError: `unsupported_format`, the depth or mode is not supported, or the file has no merged picture.
    """
    psd = _checked(path)
    alpha = _has_alpha(psd)
    with reader_at(path) as read, pillow.stumbling():
        bands = list(planes(read, psd, _COLOURS[psd.mode] + alpha, tolerant=reading.accept_truncated))
    colours = bands[0].bandjoin(bands[1 : _COLOURS[psd.mode]]) if _COLOURS[psd.mode] > 1 else bands[0]
    image = _in_colour(colours, bands[-1] if alpha else None, psd)
    profile = psd.resources.get(_ICC)
    image = mark(image, Space(profile) if profile else SRGB)
    blocks = {"exif": psd.resources.get(_EXIF), "xmp": psd.resources.get(_XMP), "iptc": psd.resources.get(_IPTC)}
    image = with_blobs(image, **blocks)
    if turn := orientation(blocks["exif"] or b""):
        image.set_type(pyvips.GValue.gint_type, "orientation", turn)
    return image


def _transparent_index(psd: Psd) -> int | None:
    content = psd.resources.get(_TRANSPARENT_INDEX, b"")
    index = int.from_bytes(content[:2], "big") if len(content) >= 2 else 256
    return index if psd.mode == _INDEXED and index < 256 else None


def _has_alpha(psd: Psd) -> bool:
    return psd.transparent and psd.channels > _COLOURS[psd.mode]


def _checked(path: Path) -> Psd:
    with reader_at(path) as read:
        psd = psd_sections(read)
    depths = (1,) if psd.mode == _BITMAP else (8,) if psd.mode == _INDEXED else _DEPTHS
    if psd.mode not in _COLOURS or psd.depth not in depths or psd.channels < _COLOURS[psd.mode]:
        kind = f"{psd.depth}-bit {_MODES.get(psd.mode, f'mode {psd.mode}')}"
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT, f"a {kind} PSD is not supported; save it as 8-bit PSD, TIFF or PNG"
        )
    if not psd.has_picture:
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT,
            "the PSD has layers and no merged picture; save it with maximum compatibility, or as TIFF or PNG",
        )
    return psd


def _in_colour(colours: Image, alpha: Image | None, psd: Psd) -> Image:
    if psd.mode in (_CMYK, _LAB) and psd.depth == 16:
        colours = (colours >> 8).cast("uchar")
        alpha = None if alpha is None else (alpha >> 8).cast("uchar")
    most = 65_535 if colours.format == "ushort" else 255
    space = _SPACES.get(psd.mode, "b-w")
    if psd.mode == _INDEXED and alpha is None:
        return _by_palette(colours, psd)
    if psd.mode == _INDEXED:
        colours = colours.maplut(_palette(psd))
    elif psd.mode == _CMYK:
        # In the file, 255 is no ink.
        colours = colours.invert()
    if alpha is not None and psd.mode != _LAB:
        paper = 0 if psd.mode == _CMYK else most
        colours = _without_paper(colours, alpha, paper, most)
    image = colours if alpha is None else colours.bandjoin(alpha)
    if psd.mode == _LAB:
        return from_lab(image, signed=False)
    wide = {"srgb": "rgb16", "b-w": "grey16"}.get(space, space) if most > 255 else space
    return image.copy(interpretation=wide)


def _without_paper(colours: Image, alpha: Image, paper: int, most: int) -> Image:
    """Removes the white from the colours. Photoshop composes the merged picture on white, and stores its alpha
    separately.

    If a colour is outside the range that its alpha allows, another program has written the file without white, and the
    colours stay unchanged. CMYK has no ink where it is transparent.
    """
    share = alpha / most
    added = colours - (1 - share) * paper
    impossible = (added < -_ROUNDING) | (added > share * most + _ROUNDING)
    if ((alpha > 0) & impossible).max() > 0:
        return colours
    return (share > 0).ifthenelse(added / share, 0).rint().cast(colours.format)


def _by_palette(indices: Image, psd: Psd) -> Image:
    colours = indices.maplut(_palette(psd))
    index = _transparent_index(psd)
    if index is not None:
        colours = colours.bandjoin((indices != index).ifthenelse(255, 0).cast("uchar"))
    return colours.copy(interpretation="srgb")


def _palette(psd: Psd) -> Image:
    """The palette, which the file stores as 256 reds, then the greens, then the blues."""
    table = psd.palette.ljust(768, b"\0")
    mixed = bytes(value for index in range(256) for value in (table[index], table[256 + index], table[512 + index]))
    return pyvips.Image.new_from_memory(mixed, 256, 1, 3, "uchar")
