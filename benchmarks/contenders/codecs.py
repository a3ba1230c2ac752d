"""The floor: the source decoded once and the three outputs encoded, with nothing in between.

The pixels to encode are made before, by `prepare`, which is not measured; they are those of pixelfleet's variants.
"""

from pathlib import Path
from typing import Any

import pyvips

from benchmarks.contenders import ours

_pixels: dict[Path, dict[str, Any]] = {}


def prepare(source: Path, folder: Path) -> None:
    ours.run(source, folder)
    files = {path.stem: path for path in folder.iterdir()}
    _pixels[source] = {
        name: pyvips.Image.new_from_file(str(files[name])).copy_memory() for name in ("thumb", "optimized", "enhanced")
    }


def run(source: Path, folder: Path) -> None:
    pyvips.Image.new_from_file(str(source), access="sequential").copy_memory()
    pixels = _pixels.pop(source)
    pixels["thumb"].webpsave(str(folder / "thumb.webp"), Q=80, effort=4, keep="none")
    pixels["optimized"].jpegsave(str(folder / "optimized.jpg"), Q=80, interlace=True, optimize_coding=True, keep="none")
    pixels["enhanced"].jpegsave(str(folder / "enhanced.jpg"), Q=85, optimize_coding=True, keep="none")
