"""From a source to the variants of a recipe.

Read `_render_variant` for what becomes of one variant; `_plan` for which of them share one decode.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.base import Base, Take, make_base
from pixelfleet.images.complaints import truncated
from pixelfleet.images.crop import crop
from pixelfleet.images.encode import can_move, encoding_of, settle_format, write
from pixelfleet.images.fingerprint import Fingerprint, fingerprint
from pixelfleet.images.formats import Format, content_type_of, extension_of
from pixelfleet.images.geometry import Placement, Size, place
from pixelfleet.images.metadata import prepare
from pixelfleet.images.probe import Probe, format_of
from pixelfleet.images.sources import Reading, guarded
from pixelfleet.images.steps import STEPS
from pixelfleet.images.tiles import CONTENT_TYPE, FORMAT, TileSet, write_tiles
from pixelfleet.images.truncation import UNNOTICED, breaks_off
from pixelfleet.images.vips import MEMORY_PIXELS, Image, pyvips
from pixelfleet.recipes import Metadata, Recipe, Variant

#: A fingerprint needs no more than this, where no variant needs any pixels.
_GLANCE = 64


@dataclass(frozen=True, slots=True)
class RenderedVariant:
    """One output: `path` lies in the folder that `render` was given; `bytes` is the size of all its files.

    Of a variant of tiles `path` is the entry file, `tiles` the folder of tiles beside it, `files` how many files there
    are in all, and `manifest` a SHA-256 over them.
    """

    name: str
    path: Path
    format: str
    width: int
    height: int
    bytes: int
    content_type: str
    frames: int = 1
    files: int = 1
    tiles: Path | None = None
    manifest: str | None = None


@dataclass(frozen=True, slots=True)
class Rendition:
    """All variants, in the recipe's order, and what the record keeps of the image's looks."""

    variants: tuple[RenderedVariant, ...]
    placeholder: str
    dominant_colour: str
    perceptual_hash: str


@dataclass(slots=True)
class _Work:
    """One source on its way."""

    source: Path
    probe: Probe
    found: Format
    recipe: Recipe
    folder: Path

    @property
    def size(self) -> Size:
        return self.probe.width, self.probe.height

    def base(self, take: Take, size: Size) -> Base:
        reading = Reading(accept_truncated=self.recipe.accept_truncated, allow_svg=self.recipe.allow_svg)
        return make_base(self.source, self.probe, self.found, take, size, reading)


def render(source: Path, probe: Probe, recipe: Recipe, folder: Path) -> Rendition:
    """Make every variant of `recipe` from `source` into `folder`, which exists and is written by no one else.

    The same source bytes, recipe and `ENGINE_VERSION` give the same output bytes.

    Args:
        source: the original, as a file.
        probe: what `probe.probe` said of it.
        recipe: names the variants and what is done for each.
        folder: takes `<variant>.<ext>`; what an error leaves in it is the caller's to remove.

    Raises:
        PermanentError: the image or the recipe is at fault; `cause` and `message` say what to do.
        TransientError: memory or disk ran out.
    """
    with guarded(source, probe.format):
        work = _Work(source, probe, format_of(source), recipe, folder)
        if probe.format in UNNOTICED and not recipe.accept_truncated and breaks_off(source, probe.format):
            raise truncated(probe.format)
        rendered: dict[str, RenderedVariant] = {}
        looks: Fingerprint | None = None
        for take, variants in _plan(work).items():
            base = work.base(take, _largest(work.size, variants))
            for variant in sorted(variants, key=lambda each: place(work.size, each).resized, reverse=True):
                rendered[variant.name] = _render_variant(work, base, variant)
            if looks is None and base.shared:
                looks = fingerprint(base.smallest[0])
        looks = looks or fingerprint(work.base(Take(), _glance(work.size)).frames[0])
        rendered |= {variant.name: _copy(work, variant) for variant in recipe.variants if variant.copies}
    ordered = tuple(rendered[variant.name] for variant in recipe.variants)
    return Rendition(ordered, looks.placeholder, looks.dominant_colour, looks.perceptual_hash)


def _plan(work: _Work) -> dict[Take, list[Variant]]:
    """Variants by what they take from the source: one decode for each key."""
    plan: dict[Take, list[Variant]] = {}
    for variant in work.recipe.variants:
        if not variant.copies:
            plan.setdefault(_take(work, variant), []).append(variant)
    return plan


def _take(work: _Work, variant: Variant) -> Take:
    page = variant.page or 1
    if page > work.probe.frames:
        raise PermanentError(
            Cause.PAGE_MISSING,
            f"variant {variant.name!r} wants page {page}, the image has {work.probe.frames}; "
            "mend the recipe or leave this image out",
        )
    width, height = _bounded(work.size, place(work.size, variant))
    moving = work.probe.animated and can_move(variant)
    alone = variant.name if width * height > MEMORY_PIXELS and not moving else None
    return Take(page - 1, moving, variant.icc is Metadata.KEEP, alone)


def _bounded(source: Size, placement: Placement) -> Size:
    """An enlarging variant still takes no more than the source has."""
    return min(source[0], placement.resized[0]), min(source[1], placement.resized[1])


def _largest(source: Size, variants: list[Variant]) -> Size:
    sizes = [_bounded(source, place(source, variant)) for variant in variants]
    scale = max(max(width / source[0], height / source[1]) for width, height in sizes)
    exact = [size for size in sizes if scale in (size[0] / source[0], size[1] / source[1])]
    # Where the largest variant keeps the shape, the base has its very size, so that it is not scaled twice.
    return max(exact, key=lambda size: (min(size[0] / source[0], size[1] / source[1]), size))


def _glance(source: Size) -> Size:
    scale = min(1.0, _GLANCE / max(source))
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))


def _render_variant(work: _Work, base: Base, variant: Variant) -> RenderedVariant:
    variant = settle_format(variant, alpha=base.has_alpha, moves=len(base.frames) > 1)
    placement = place(work.size, variant)
    frames = crop(base.scaled_to(placement.resized), placement, variant.gravity)
    for step in STEPS:
        frames = tuple(step(frame, variant, frames[0]) for frame in frames)
    image = prepare(_joined(frames, base), keep_gps=work.recipe.keep_gps)
    if variant.tiles:
        return _tiled(variant, write_tiles(image, variant, variant.tiles, work.folder), image)
    path = work.folder / f"{variant.name}{encoding_of(variant).extension}"
    write(image, variant, path)
    return _rendered(variant, path, frames)


def _joined(frames: tuple[Image, ...], base: Base) -> Image:
    if len(frames) == 1:
        return frames[0]
    tall = pyvips.Image.arrayjoin(list(frames), across=1).copy()
    tall.set_type(pyvips.GValue.gint_type, "page-height", frames[0].height)
    for name, value in base.timing.items():
        kind = pyvips.GValue.array_int_type if isinstance(value, list) else pyvips.GValue.gint_type
        tall.set_type(kind, name, value)
    return tall


def _rendered(variant: Variant, path: Path, frames: tuple[Image, ...]) -> RenderedVariant:
    return RenderedVariant(
        name=variant.name,
        path=path,
        format=variant.format.value,
        width=frames[0].width,
        height=frames[0].height,
        bytes=path.stat().st_size,
        content_type=encoding_of(variant).content_type,
        frames=len(frames),
    )


def _tiled(variant: Variant, tiles: TileSet, image: Image) -> RenderedVariant:
    return RenderedVariant(
        name=variant.name,
        path=tiles.entry,
        format=FORMAT,
        width=image.width,
        height=image.height,
        bytes=tiles.bytes,
        content_type=CONTENT_TYPE,
        files=tiles.count + 1,
        tiles=tiles.folder,
        manifest=tiles.manifest,
    )


def _copy(work: _Work, variant: Variant) -> RenderedVariant:
    path = work.folder / f"{variant.name}{extension_of(work.found)}"
    shutil.copyfile(work.source, path)
    return RenderedVariant(
        name=variant.name,
        path=path,
        format=work.found.name,
        width=work.probe.width,
        height=work.probe.height,
        bytes=work.probe.bytes,
        content_type=content_type_of(work.found),
        frames=work.probe.frames,
    )
