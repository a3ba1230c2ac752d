"""Pillow by someone who knows it: the decoder shrinks, one base for all variants."""

from pathlib import Path

from PIL import Image, ImageOps

from benchmarks.contenders.pillow import save

_LANCZOS = Image.Resampling.LANCZOS


def run(source: Path, folder: Path) -> None:
    with Image.open(source) as opened:
        opened.draft("RGB", (2048, 2048))
        base = ImageOps.exif_transpose(opened).convert("RGB")
    base.thumbnail((2048, 2048), _LANCZOS, reducing_gap=None)
    save(base, "optimized", folder)
    save(base, "enhanced", folder)
    base.thumbnail((320, 320), _LANCZOS)
    save(base, "thumb", folder)
