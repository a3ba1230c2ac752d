"""The variants that share one decode of the source, and the size of the decode."""

from dataclasses import dataclass, replace
from pathlib import Path

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.base import Base, Take, make_base
from pixelfleet.images.encode import can_move
from pixelfleet.images.formats import Format
from pixelfleet.images.gain_map import GainMap
from pixelfleet.images.geometry import Placement, Size, place, scaled, turned
from pixelfleet.images.limits import MAX_HELD_PIXELS, check_held
from pixelfleet.images.open import Reading, read_header
from pixelfleet.images.probe import Probe
from pixelfleet.images.vips import MEMORY_PIXELS, Image
from pixelfleet.recipes import CameraRaw, Hdr, OutputFormat, Profile, Recipe, Variant


@dataclass(frozen=True, slots=True)
class Work:
    """One source and the recipe for it."""

    source: Path
    probe: Probe
    row: Format
    recipe: Recipe
    folder: Path
    #: The gain map of the source, if a variant keeps the map.
    gain_map: GainMap | None = None

    def base(self, page: Probe, take: Take, size: Size, *, progress: bool = True) -> Base:
        """Decode the part that `take` names at `size`, which is no larger than the page."""
        reading = Reading(
            progress=progress,
            accept_truncated=self.recipe.accept_truncated,
            allow_svg=self.recipe.allow_svg,
            dpi=self.recipe.dpi,
        )
        return make_base(self.source, page, self.row, take, size, reading)

    def small_frame(self, page: Probe, take: Take, side: int) -> Image:
        """The page scaled into a square of `side` pixels, in memory. The frame is for measuring, not for output."""
        size = page.width, page.height
        small = replace(take, moving=False, alone=None, seeks=False)
        return self.base(page, small, scaled(size, min(1.0, side / max(size))), progress=False).frames[0]


@dataclass(frozen=True, slots=True)
class DecodeShare:
    """Variants that come from one decode; `page` is the probe of the page that they show."""

    page: Probe
    take: Take
    variants: tuple[Variant, ...]

    @property
    def size(self) -> Size:
        """The size that the largest variant needs, at most the size of the page, also if a variant enlarges."""
        source = self.page.width, self.page.height
        sizes = [_bounded(source, place(source, variant)) for variant in self.variants]
        scale = max(max(width / source[0], height / source[1]) for width, height in sizes)
        exact = [size for size in sizes if scale in (size[0] / source[0], size[1] / source[1])]
        # If the largest variant keeps the shape, the base has exactly its size, so the variant is not scaled twice.
        return max(exact, key=lambda size: (min(size[0] / source[0], size[1] / source[1]), size))

    def largest_first(self) -> list[Variant]:
        source = self.page.width, self.page.height
        return sorted(self.variants, key=lambda variant: place(source, variant).resized, reverse=True)


def plan(work: Work) -> list[DecodeShare]:
    """All variants except copies and lazy variants, grouped by the take from the source.

    Raises:
        PermanentError: `page_missing`, or `too_many_pixels` for a page other than the first.
    """
    pages: dict[int, Probe] = {0: work.probe}
    shares: dict[Take, list[Variant]] = {}
    for variant in work.recipe.variants:
        if variant.copies or variant.lazy:
            continue
        number = _page_number(work, variant)
        if number not in pages:
            pages[number] = _page(work, number)
        for take, formats in _takes(work, pages[number], number, variant).items():
            shares.setdefault(take, []).append(variant.in_formats(*formats))
    return [DecodeShare(pages[take.page], take, tuple(variants)) for take, variants in shares.items()]


def _page_number(work: Work, variant: Variant) -> int:
    page = variant.page or 1
    if page > work.probe.frames:
        raise PermanentError(
            Cause.PAGE_MISSING,
            f"variant {variant.name!r} shows page {page}, but the image has {work.probe.frames}; "
            "mend the recipe or leave this image out",
        )
    return page - 1


def _page(work: Work, number: int) -> Probe:
    """Pages differ in size and orientation. The lane's limits were checked for the first page only, so the pixels of
    another page are checked here."""
    if work.row.animates:
        return work.probe
    header = read_header(
        work.source, work.row, Reading(page=number, allow_svg=work.recipe.allow_svg, dpi=work.recipe.dpi)
    )
    if header.width * header.height > max(work.probe.width * work.probe.height, MAX_HELD_PIXELS):
        check_held(header.width, header.height, f"{work.row.name} page")
    width, height = turned((header.width, header.height), swap=header.orientation >= 5)
    return replace(work.probe, width=width, height=height, orientation=header.orientation)


def _takes(work: Work, page: Probe, number: int, variant: Variant) -> dict[Take, list[OutputFormat]]:
    """The takes from which the formats of a variant are written: one, unless some of them are animated.

    Pixels that are too many for the memory are decoded for each format: a stream is read once.
    """
    takes: dict[Take, list[OutputFormat]] = {}
    for encoding in variant.encodings:
        take = _take(work, page, number, encoding)
        if take.alone is not None and len(variant.formats) > 1:
            take = replace(take, alone=f"{variant.name}.{encoding.format}")
        takes.setdefault(take, []).append(encoding.format)
    return takes


def _take(work: Work, page: Probe, number: int, variant: Variant) -> Take:
    size = page.width, page.height
    width, height = _bounded(size, place(size, variant))
    moving = page.animated and can_move(variant)
    alone = variant.name if width * height > MEMORY_PIXELS and not moving else None
    seeks = alone is not None and (variant.gravity.is_searched or page.orientation != 1)
    return Take(
        page=number,
        moving=moving,
        # A gain map belongs to the colours that the picture has.
        keep_profile=variant.icc is Profile.KEEP or (work.gain_map is not None and keeps_gain_map(variant)),
        deep=variant.depth > 8,
        hdr=variant.hdr is Hdr.KEEP and variant.format is OutputFormat.AVIF,
        develop=work.row.name == "raw" and _is_developed(variant),
        alone=alone,
        seeks=seeks,
    )


def _is_developed(variant: Variant) -> bool:
    """Cameras correct the lens in the preview alone, so that a face is elsewhere in the sensor's picture. Faces are
    searched and covered in one and the same picture."""
    return variant.raw is CameraRaw.DEVELOP or bool(variant.redact)


def keeps_gain_map(variant: Variant) -> bool:
    """Whether the files of a variant of one format, or of its JPEG among them, keep a gain map."""
    return variant.hdr is Hdr.KEEP and bool({OutputFormat.JPEG, OutputFormat.AUTO} & set(variant.formats))


def _bounded(source: Size, placement: Placement) -> Size:
    return min(source[0], placement.resized[0]), min(source[1], placement.resized[1])
