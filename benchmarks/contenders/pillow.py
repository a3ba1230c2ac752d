"""Pillow as tutorials for Lambda show it: each variant from the full image."""

from pathlib import Path

from PIL import Image, ImageFilter, ImageOps

_LANCZOS = Image.Resampling.LANCZOS


def run(source: Path, folder: Path) -> None:
    for name, side in (("thumb", 320), ("optimized", 2048), ("enhanced", 2048)):
        with Image.open(source) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
        picture.thumbnail((side, side), _LANCZOS)
        save(picture, name, folder)


def save(picture: Image.Image, name: str, folder: Path) -> None:
    if name == "thumb":
        picture.save(folder / "thumb.webp", quality=80)
    elif name == "optimized":
        picture.save(folder / "optimized.jpg", quality=80, progressive=True, optimize=True)
    else:
        sharp = ImageOps.autocontrast(picture, cutoff=0.2).filter(ImageFilter.UnsharpMask(1, 50, 0))
        sharp.save(folder / "enhanced.jpg", quality=85, optimize=True)
