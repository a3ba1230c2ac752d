"""Chooses the metadata that a variant keeps: everything that is still true, or only the picture's creator and owner."""

from dataclasses import dataclass, replace
from typing import Final

from pixelfleet.images.fields import field
from pixelfleet.images.metadata import iptc as iim
from pixelfleet.images.metadata import xmp as packets
from pixelfleet.images.metadata.density import declares_density
from pixelfleet.images.metadata.exif_tree import ExifTree, Field, Fields, read_tree, short, write_tree
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Hdr, Metadata, Profile, Variant

_ORIENTATION, _COLOUR_SPACE, _SRGB = 274, 40961, 1
_ARTIST, _COPYRIGHT = 315, 33432
#: Microsoft's XPKeywords.
_KEYWORDS: Final = 40094
#: The most bytes of the values of a variant's EXIF: a segment of JPEG holds 65,533 bytes, of which the directories and
#: libvips' own fields take some (EXIF 2.32, 4.7.2).
_MOST_EXIF: Final = 50_000
_ENTRY: Final = 12
#: The beginning of a JPEG: start of image, and the first byte of the next marker (ITU T.81, B.1.1.3).
_JPEG: Final = b"\xff\xd8\xff"
#: Fields of the picture's directory that describe the byte layout or hold other blocks, and are not true of a variant:
#: sizes, strips, tiles, JPEG tables, resolutions (written anew), XMP, IPTC, Photoshop, ICC, print matching, padding.
_STRUCTURE: Final = frozenset(
    {
        *(254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 296),
        *(317, 320, 322, 323, 324, 325, 330, 338, 339, 347, 512, 513, 514, 529, 530, 531, 532, 700),
        *(33723, 34377, 34675, 50341, 59932),
    }
)
#: Dropped fields of the Exif directory: sizes (written anew), the maker's own block, whose offsets break and which
#: holds previews, the interoperability directory, a related sound file, padding.
_NOT_KEPT: Final = frozenset({37500, 40962, 40963, 40964, 40965, 59932})


@dataclass(frozen=True, slots=True)
class Blocks:
    """EXIF (a TIFF structure), XMP (a packet) and IPTC (IIM datasets); each empty if there is none. `density`: the
    source declares the density of its pixels."""

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    density: bool = False

    @property
    def empty(self) -> bool:
        return not (self.exif or self.xmp or self.iptc)


def blocks_of(image: Image) -> Blocks:
    """The metadata blocks that a reader has attached to the image."""
    exif, xmp, iptc = (bytes(field(image, f"{name}-data", b"")) for name in ("exif", "xmp", "iptc"))
    return Blocks(exif, xmp, iim.datasets_block(iptc), declares_density(image))


def chosen(blocks: Blocks, variant: Variant, *, keep_gps: bool, keeps_iptc: bool) -> Blocks:
    """The metadata that a variant keeps.

    Args:
        blocks: the source's metadata.
        variant: its `metadata` is `strip`, `copyright` or `keep`.
        keep_gps: the location stays.
        keeps_iptc: the variant's format has a block for IPTC; else IPTC becomes XMP.
    """
    if variant.metadata is Metadata.STRIP or (blocks.empty and not blocks.density):
        return Blocks()
    if variant.metadata is Metadata.COPYRIGHT:
        tree = read_tree(blocks.exif)
        rights = {
            tag: tree.image[tag]
            for tag in (_ARTIST, _COPYRIGHT)
            if tag in tree.image and tree.image[tag].data.strip(b"\0 ")
        }
        rights_tree = _with_colour_space(ExifTree(rights), own_space=_has_own_space(variant))
        return Blocks(write_tree(rights_tree), packets.rights(blocks.xmp, iim.as_properties(blocks.iptc)))
    tree = _kept(read_tree(blocks.exif), keep_gps=keep_gps)
    if variant.redact:
        tree.image.pop(_KEYWORDS, None)
    tree = _shortened(tree)
    if blocks.density and tree.empty:
        # libvips writes the density into a block of EXIF that is there.
        tree = ExifTree({_ORIENTATION: short(1)})
    exif = write_tree(_with_colour_space(tree, own_space=_has_own_space(variant)))
    own_iptc = iim.kept(blocks.iptc, keywords=not variant.redact)
    from_iptc = {} if keeps_iptc else iim.as_properties(own_iptc)
    return Blocks(
        exif,
        packets.kept(blocks.xmp, from_iptc, packets.Stays(location=keep_gps, persons=not variant.redact)),
        own_iptc if keeps_iptc else b"",
    )


def _has_own_space(variant: Variant) -> bool:
    """Whether the colours of a variant may be other than sRGB."""
    return variant.icc is Profile.KEEP or variant.hdr is Hdr.KEEP


def _with_colour_space(tree: ExifTree, *, own_space: bool) -> ExifTree:
    """The tree with sRGB as its space (EXIF 2.32, 4.6.5). libexif writes "uncalibrated" where the field is missing."""
    if own_space or tree.empty:
        return tree
    return replace(tree, exif=tree.exif | {_COLOUR_SPACE: short(_SRGB)})


def _shortened(tree: ExifTree) -> ExifTree:
    """The tree without its longest values, if it would not fit into a segment. libvips refuses long EXIF."""
    directories = (tree.image, tree.exif, tree.gps)
    by_size = sorted(
        (len(one.data) + _ENTRY, number, tag)
        for number, fields in enumerate(directories)
        for tag, one in fields.items()
    )
    kept: tuple[Fields, Fields, Fields] = ({}, {}, {})
    left = _MOST_EXIF
    for size, number, tag in by_size:
        left -= size
        if left < 0:
            break
        kept[number][tag] = directories[number][tag]
    return ExifTree(*kept)


def _is_preview(one: Field) -> bool:
    """Whether a field of bytes holds a JPEG: some makers put previews under numbers of their own."""
    return _JPEG in one.data


def _kept(tree: ExifTree, *, keep_gps: bool) -> ExifTree:
    image: Fields = {tag: one for tag, one in tree.image.items() if tag not in _STRUCTURE and not _is_preview(one)}
    exif: Fields = {tag: one for tag, one in tree.exif.items() if tag not in _NOT_KEPT and not _is_preview(one)}
    gps = tree.gps if keep_gps else {}
    if image or exif or gps:
        image[_ORIENTATION] = short(1)
    return ExifTree(image, exif, gps)
