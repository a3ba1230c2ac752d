"""Deep Zoom pyramids: an entry file and a folder of tiles, written as the image streams by."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pixelfleet.images.encode import encoding_of, quality_of
from pixelfleet.images.vips import Image
from pixelfleet.recipes import OutputFormat, Tiles, Variant

CONTENT_TYPE: Final = "application/xml"
FORMAT: Final = "dzi"


@dataclass(frozen=True, slots=True)
class TileSet:
    """`entry` is the .dzi file; `folder` holds `count` tiles; `manifest` is a SHA-256 over their names and contents."""

    entry: Path
    folder: Path
    count: int
    bytes: int
    manifest: str


def write_tiles(image: Image, variant: Variant, tiles: Tiles, folder: Path) -> TileSet:
    """Write `<variant>.dzi` and `<variant>_files/` into `folder`."""
    stem = folder / variant.name
    image.dzsave(
        str(stem),
        layout="dz",
        tile_size=tiles.size,
        overlap=tiles.overlap,
        suffix=_suffix(variant),
        keep="none",
    )
    # It holds the date, and no viewer reads it.
    (stem.with_name(f"{variant.name}_files") / "vips-properties.xml").unlink(missing_ok=True)
    return _counted(stem.with_name(f"{variant.name}.dzi"), stem.with_name(f"{variant.name}_files"))


def _suffix(variant: Variant) -> str:
    extension = encoding_of(variant).extension
    if variant.format is OutputFormat.PNG:
        return extension
    return f"{extension}[Q={quality_of(variant)}]"


def _counted(entry: Path, folder: Path) -> TileSet:
    manifest = hashlib.sha256(entry.read_bytes())
    count, size = 0, entry.stat().st_size
    for tile in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = tile.read_bytes()
        manifest.update(f"{tile.relative_to(folder).as_posix()} {len(content)} ".encode())
        manifest.update(hashlib.sha256(content).digest())
        count += 1
        size += len(content)
    return TileSet(entry, folder, count, size, manifest.hexdigest())
