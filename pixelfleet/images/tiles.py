"""Deep Zoom pyramids: an entry file and a folder of tiles, written while the image is decoded row by row."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pixelfleet.images.encode import encoding_of, quality_of
from pixelfleet.images.tile_digest import in_order, tiles_digest
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
    # The file contains the date, which would change with every run. No viewer reads the file.
    (stem.with_name(f"{variant.name}_files") / "vips-properties.xml").unlink(missing_ok=True)
    return _counted(stem.with_name(f"{variant.name}.dzi"), stem.with_name(f"{variant.name}_files"))


def _suffix(variant: Variant) -> str:
    extension = encoding_of(variant).extension
    if variant.format is OutputFormat.PNG:
        return extension
    return f"{extension}[Q={quality_of(variant)}]"


def _counted(entry: Path, folder: Path) -> TileSet:
    tiles = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    sizes = {name: path.stat().st_size for name, path in tiles.items()}
    names = sorted(tiles, key=in_order)
    manifest = tiles_digest(entry.read_bytes(), ((name, sizes[name], _sha256(tiles[name])) for name in names))
    return TileSet(entry, folder, len(tiles), entry.stat().st_size + sum(sizes.values()), manifest)


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
