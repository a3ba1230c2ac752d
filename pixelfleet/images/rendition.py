"""The results of the engine."""

from dataclasses import dataclass
from pathlib import Path

from pixelfleet.images.encode import encoding_of
from pixelfleet.images.tiles import CONTENT_TYPE, FORMAT, TileSet
from pixelfleet.images.vips import Image
from pixelfleet.recipes import Variant


@dataclass(frozen=True, slots=True)
class RenderedVariant:
    """One output. `path` is in the folder that was passed to `render`; `bytes` is the size of all its files.

    `quality` is the setting of the encoder, if the recipe has a target for the quality; `ssim` (from 0 to 1) or
    `ssimulacra2` (up to 100) is its score by the metric of the target.
    For a variant of tiles, `path` is the entry file, `tiles` is the folder of tiles beside the entry file, `files` is
    the number of all files, and `manifest` is a SHA-256 over the files. `hdr` is `gain-map`, `pq` or `hlg` for a file
    of high dynamic range.
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
    hdr: str | None = None
    quality: int | None = None
    ssim: float | None = None
    ssimulacra2: float | None = None


@dataclass(frozen=True, slots=True)
class Rendition:
    """All variants, in the recipe's order, and the fingerprint of the image.

    `faces`: left, top, width and height of each face in pixels of the upright page, the largest first; None if the
    recipe does not search for faces.
    """

    variants: tuple[RenderedVariant, ...]
    placeholder: str
    dominant_colour: str
    perceptual_hash: str | None
    faces: tuple[tuple[int, int, int, int], ...] | None = None


def of_file(variant: Variant, path: Path, frames: tuple[Image, ...], hdr: str | None = None) -> RenderedVariant:
    return RenderedVariant(
        name=variant.name,
        path=path,
        format=variant.format.value,
        width=frames[0].width,
        height=frames[0].height,
        bytes=path.stat().st_size,
        content_type=encoding_of(variant).content_type,
        frames=len(frames),
        hdr=hdr,
    )


def of_tiles(variant: Variant, tiles: TileSet, image: Image) -> RenderedVariant:
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
