"""`never_larger`: the pixels of the original, as its own file has them, in the place of a larger encode of the same.

The rule is strict: the variant shows exactly the pixels that the original's file shows, and keeps no byte of the
original but its coded picture. If one thing is in doubt, the encode stays.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pixelfleet.images.base import Base
from pixelfleet.images.colour_space import PROFILE, space_of
from pixelfleet.images.containers import jpeg_segments, png_picture, webp_chunks
from pixelfleet.images.geometry import Placement, place
from pixelfleet.images.plan import Work
from pixelfleet.images.probe import Probe
from pixelfleet.images.profiles import is_srgb
from pixelfleet.images.vips import Image, pyvips
from pixelfleet.recipes import Variant

#: The coded picture of the first file under the metadata of the second, by format.
_REWRAPPED: Final[dict[str, Callable[[bytes, bytes], bytes | None]]] = {
    "jpeg": jpeg_segments.under_metadata_of,
    "png": png_picture.under_metadata_of,
    "webp": webp_chunks.under_metadata_of,
}
#: The file without the end of its coded data, once for each part of the data. A PNG's pixels are counted.
_SHORTENED: Final[dict[str, Callable[[bytes, int], Iterator[bytes]]]] = {
    "jpeg": jpeg_segments.shortened,
    "webp": webp_chunks.shortened,
}
#: Encoders of WebP end with up to 4 bytes that decoders do not need, those of JPEG with less than one.
_CUT: Final = 8
#: Fields that change no pixel of an image that is neither scaled nor cropped. With any other field that is not at its
#: default, also one that a later release adds, the encode stays.
_HARMLESS: Final = frozenset(
    {
        *("name", "box", "fit", "gravity", "enlarge"),
        *("formats", "quality", "effort", "lossless", "encoder", "progressive", "never_larger"),
        *("metadata", "icc", "lazy"),
    }
)
#: The most bytes of an original that is read: an original of more has more pixels than a variant that is held.
_MOST_BYTES: Final = 64_000_000


def put_original_pixels(work: Work, page: Probe, base: Base, variant: Variant, path: Path) -> bool:
    """Replace the file at `path`, which has the metadata of the variant, if the original's picture makes it smaller.

    The variant's format is settled. Returns whether the file was replaced.
    """
    if not variant.never_larger or work.probe.bytes > _MOST_BYTES or not _same_pixels(work, page, base, variant):
        return False
    encoded = path.read_bytes()
    rewrapped = _REWRAPPED[work.row.name](work.source.read_bytes(), encoded)
    if rewrapped is None or len(rewrapped) >= len(encoded) or not _hides_nothing(base):
        return False
    if _has_rest(work.row.name, rewrapped):
        return False
    path.write_bytes(rewrapped)
    return True


def _same_pixels(work: Work, page: Probe, base: Base, variant: Variant) -> bool:
    size = page.width, page.height
    return (
        variant.format.value == work.row.name
        and work.row.name in _REWRAPPED
        and work.probe.frames == 1
        and page.orientation == 1
        and place(size, variant) == Placement(size, size, size)
        and _steps_nothing(variant)
        and _same_colours(base.opened, base.frames[0])
    )


def _steps_nothing(variant: Variant) -> bool:
    fields = type(variant).model_fields
    return all(getattr(variant, name) == info.default for name, info in fields.items() if name not in _HARMLESS)


def _same_colours(opened: Image, shown: Image) -> bool:
    """Whether the samples of the file are those of the variant: 8 bits, grey or RGB, converted from no profile."""
    space = space_of(opened)
    # A profile is removed without a conversion only if it is sRGB. A profile that is kept is on both images.
    kept = space.profile is None or is_srgb(space.profile) or bool(shown.get_typeof(PROFILE))
    plain = opened.format == "uchar" and opened.interpretation in ("srgb", "b-w") and space.transfer is None
    # An alpha that is opaque everywhere was dropped: the file shows the same.
    return plain and kept and opened.bands - opened.hasalpha() == shown.bands - shown.hasalpha()


def _has_rest(name: str, content: bytes) -> bool:
    """Whether the coded data goes on behind the picture: if it does, the picture is the same without the data's end.
    Also true if the decoder warns of bytes that it skips."""
    if name not in _SHORTENED:
        return False
    whole = _decoded(content)
    return whole is None or any(_shows(shorter, whole) for shorter in _SHORTENED[name](content, _CUT))


def _shows(content: bytes, whole: Image) -> bool:
    picture = _decoded(content)
    return picture is not None and not (picture != whole).max()


def _decoded(content: bytes) -> Image | None:
    """The picture in memory; None if the decoder reports an error or a warning."""
    try:
        return pyvips.Image.new_from_buffer(content, "", access="sequential", fail_on="warning").copy_memory()
    except pyvips.Error:
        return None


def _hides_nothing(base: Base) -> bool:
    """Whether all invisible pixels have one colour: below transparent parts, a file may hold a picture that does not
    show. The pixels of a stream cannot be read again."""
    shown = base.frames[0]
    if not shown.hasalpha():
        return True
    if not base.shared:
        return False
    alpha = shown.extract_band(shown.bands - 1)
    colours = shown.extract_band(0, n=shown.bands - 1)
    invisible = alpha == 0
    least, most = invisible.ifthenelse(colours, 255), invisible.ifthenelse(colours, 0)
    return alpha.min() > 0 or all(least[band].min() == most[band].max() for band in range(colours.bands))
