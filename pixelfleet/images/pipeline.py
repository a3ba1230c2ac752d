"""Render the variants of a recipe from a source. `_render_variant` lists the stages of one variant in order."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pixelfleet.images.base import Base, Take
from pixelfleet.images.codec_errors import truncated
from pixelfleet.images.crop import crop, crop_corner
from pixelfleet.images.encode import encoding_of, keeps_alpha, quality_of, settle_format, write
from pixelfleet.images.faces.pages import PageFaces
from pixelfleet.images.faces.redaction import redact
from pixelfleet.images.fingerprint import Fingerprint, fingerprint
from pixelfleet.images.formats import content_type_of, extension_of
from pixelfleet.images.gain_map import GainMap, read_gain_map
from pixelfleet.images.geometry import place
from pixelfleet.images.metadata.choice import blocks_of, chosen
from pixelfleet.images.metadata.output import KEEPS_IPTC
from pixelfleet.images.open import format_of, guarded
from pixelfleet.images.original_pixels import put_original_pixels
from pixelfleet.images.plan import DecodeShare, Work, keeps_gain_map, plan
from pixelfleet.images.probe import Probe
from pixelfleet.images.rendition import RenderedVariant, Rendition, of_file, of_tiles
from pixelfleet.images.steps import STEPS, check_alike, check_installed
from pixelfleet.images.tiles import write_tiles
from pixelfleet.images.truncation import UNNOTICED, breaks_off
from pixelfleet.images.vips import Image, pyvips
from pixelfleet.recipes import Metric, OutputFormat, Recipe, Variant

__all__ = ["RenderedVariant", "Rendition", "render"]

#: The name of one output of a recipe: the variant's name, and the format as the recipe has it.
Output = tuple[str, OutputFormat]

#: The side in pixels of the decode for the fingerprint, if no variant leaves pixels in memory.
_GLANCE: Final = 64
#: The side in pixels of the decode for statistics of an image that is too large for memory.
_SURVEY: Final = 1024


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A decode of the source, and the variants that come from it."""

    work: Work
    share: DecodeShare
    base: Base
    faces: PageFaces


def render(source: Path, probe: Probe, recipe: Recipe, folder: Path) -> Rendition:
    """Render the variants of `recipe` from `source` into `folder`. The folder exists and has no other writer.

    Lazy variants are left out; `recipes.lazy` has the recipes that make them.

    The same source bytes, recipe and `ENGINE_VERSION` give the same output bytes.

    Args:
        source: the original, as a file.
        probe: the result of `probe.probe` for the source.
        recipe: the variants and the steps of each.
        folder: receives `<variant>.<ext>`; after an error, the caller removes the files in it.

    Raises:
        PermanentError: the image or the recipe is at fault; `cause` and `message` say what to do.
        TransientError: memory or disk ran out.
    """
    check_installed(recipe)
    with guarded(source, probe.format):
        work = Work(source, probe, format_of(source), recipe, folder, _gain_map(source, probe, recipe))
        faces = PageFaces(work)
        if probe.format in UNNOTICED and not recipe.accept_truncated and breaks_off(source, probe.format):
            raise truncated(probe.format)
        rendered: dict[Output, RenderedVariant] = {}
        looks: Fingerprint | None = None
        for share in plan(work):
            base = work.base(share.page, share.take, share.size)
            for variant in share.largest_first():
                rendered |= _render_variant(_Decoded(work, share, base, faces), variant)
            if looks is None and base.shared and not share.take.hdr:
                looks = fingerprint(base.smallest[0])
        looks = looks or fingerprint(work.small_frame(probe, Take(), _GLANCE))
        rendered |= {(one.name, one.format): _copy(work, one) for one in recipe.variants if one.copies}
    made = (variant for variant in recipe.variants if not variant.lazy)
    ordered = tuple(rendered[one.name, one.format] for variant in made for one in variant.encodings)
    return Rendition(ordered, looks.placeholder, looks.dominant_colour, looks.perceptual_hash, faces.recorded)


def _render_variant(decoded: _Decoded, variant: Variant) -> dict[Output, RenderedVariant]:
    """The files of a variant, from one set of pixels; from two if only some formats keep transparent parts."""
    work, base, page = decoded.work, decoded.base, decoded.share.page
    placement = place((page.width, page.height), variant)
    faces = decoded.faces.of(decoded.share, base) if variant.searches_faces else None
    scaled = redact(base.scaled_to(placement.resized), variant, faces)
    corner = crop_corner(scaled[0], placement, variant.gravity, faces.to_crop if faces else ())
    resized = crop(scaled, placement, *corner)
    gain_map = (
        work.gain_map.fitted(work.probe, placement, corner) if work.gain_map and keeps_gain_map(variant) else None
    )
    stand_in = _stand_in(decoded, variant)
    pixels: dict[bool, tuple[Image, ...]] = {}
    rendered: dict[Output, RenderedVariant] = {}
    for one in variant.encodings:
        encoding = settle_format(one, alpha=base.has_alpha, moves=len(base.frames) > 1)
        # No step but `flatten` depends on the format.
        is_flat = base.has_alpha and not keeps_alpha(encoding)
        if is_flat not in pixels:
            frames = _stepped(resized, encoding, stand_in)
            pixels[is_flat] = frames if len(variant.formats) == 1 else tuple(frame.copy_memory() for frame in frames)
        scored = pixels[is_flat][0]
        if stand_in is not None and encoding.quality_target is not None:
            [scored] = _stepped((stand_in,), encoding, stand_in)
        rendered[one.name, one.format] = _written(decoded, encoding, pixels[is_flat], scored, gain_map)
    return rendered


def _stepped(frames: tuple[Image, ...], variant: Variant, stand_in: Image | None) -> tuple[Image, ...]:
    for step in STEPS:
        measured = stand_in or frames[0]
        frames = tuple(step(frame, variant, measured) for frame in frames)
    check_alike(frames, variant)
    return frames


def _written(
    decoded: _Decoded, variant: Variant, frames: tuple[Image, ...], scored: Image, gain_map: GainMap | None
) -> RenderedVariant:
    """The file of one format. A quality with a target is searched on `scored`, the first frame or its stand-in."""
    work, base = decoded.work, decoded.base
    image = _joined(frames, base)
    if variant.tiles:
        return of_tiles(variant, write_tiles(image, variant, variant.tiles, work.folder), image)
    path = work.folder / f"{variant.name}{encoding_of(variant).extension}"
    blocks = chosen(
        blocks_of(base.opened), variant, keep_gps=work.recipe.keep_gps, keeps_iptc=variant.format in KEEPS_IPTC
    )
    settled, score = _aimed(scored, variant)
    hdr = write(image, settled, path, blocks, gain_map)
    is_original = put_original_pixels(work, decoded.share.page, base, variant, path)
    rendered = of_file(variant, path, frames, hdr)
    if variant.quality_target is None:
        return rendered
    if variant.quality_target.metric is Metric.SSIMULACRA2:
        rendered = replace(rendered, ssimulacra2=100.0 if is_original else _rounded(score, 2))
    else:
        rendered = replace(rendered, ssim=1.0 if is_original else _rounded(score, 4))
    return rendered if is_original else replace(rendered, quality=quality_of(settled))


def _rounded(score: float | None, places: int) -> float | None:
    """A score with as many places as records have."""
    return None if score is None else round(score, places)


def _aimed(scored: Image, variant: Variant) -> tuple[Variant, float | None]:
    """The variant with a setting of the encoder, and the score of the setting if the variant has a target."""
    if variant.quality_target is None:
        return variant, None
    # Not at the head of the module: NumPy is loaded only by the processes that search.
    from pixelfleet.images.quality.aim import aimed  # noqa: PLC0415

    choice = aimed(scored, variant)
    return choice.variant, choice.score


def _gain_map(source: Path, probe: Probe, recipe: Recipe) -> GainMap | None:
    if probe.format != "jpeg" or not any(keeps_gain_map(variant) for variant in recipe.variants):
        return None
    return read_gain_map(source)


def _stand_in(decoded: _Decoded, variant: Variant) -> Image | None:
    """A small decode for steps to measure, if the image is a stream: a stream cannot be measured before it is used."""
    measured = variant.levels or variant.white_balance or variant.quality_target is not None
    if decoded.base.shared or not measured:
        return None
    return decoded.work.small_frame(decoded.share.page, decoded.share.take, _SURVEY)


def _joined(frames: tuple[Image, ...], base: Base) -> Image:
    if len(frames) == 1:
        return frames[0]
    tall = pyvips.Image.arrayjoin(list(frames), across=1).copy()
    tall.set_type(pyvips.GValue.gint_type, "page-height", frames[0].height)
    for name, value in base.timing.items():
        kind = pyvips.GValue.array_int_type if isinstance(value, list) else pyvips.GValue.gint_type
        tall.set_type(kind, name, value)
    return tall


def _copy(work: Work, variant: Variant) -> RenderedVariant:
    path = work.folder / f"{variant.name}{extension_of(work.row)}"
    shutil.copyfile(work.source, path)
    return RenderedVariant(
        name=variant.name,
        path=path,
        format=work.row.name,
        width=work.probe.width,
        height=work.probe.height,
        bytes=work.probe.bytes,
        content_type=content_type_of(work.row),
        frames=work.probe.frames,
    )
