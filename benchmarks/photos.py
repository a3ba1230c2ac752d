"""Photographs to measure on: 12-megapixel JPEGs, as a camera writes them, from a folder of smaller real ones.

`python -m benchmarks.photos SRC DEST [--count N]`. Each is laid together from four photographs of at least 1920 px,
at their own scale, so that detail, noise and file size per pixel are real. Without a folder of photographs,
`engine.py` makes do with scenes drawn by `pixelfleet.samples`.
"""

import argparse
from pathlib import Path

from PIL import Image

from pixelfleet.samples.scene import scene

SIZE = (4000, 3000)
_MOODS = ("dawn", "noon", "dusk", "sea", "forest", "studio")


def from_photographs(source: Path, dest: Path, count: int) -> list[Path]:
    large = [path for path in sorted(source.rglob("*.jp*g")) if _wide(path)]
    if len(large) < 4:
        raise SystemExit(f"{source}: {len(large)} JPEGs of 1920 px or more, 4 are needed")
    dest.mkdir(parents=True, exist_ok=True)
    return [
        _save(_mosaic([large[(number + at) % len(large)] for at in range(4)]), dest, number) for number in range(count)
    ]


def drawn(dest: Path, count: int) -> list[Path]:
    dest.mkdir(parents=True, exist_ok=True)
    return [
        _save(scene(SIZE, _MOODS[number % len(_MOODS)], f"photo {number}"), dest, number) for number in range(count)
    ]


def _wide(path: Path) -> bool:
    with Image.open(path) as picture:
        return picture.mode == "RGB" and min(picture.size) >= 1200 and max(picture.size) >= 1920


def _mosaic(paths: list[Path]) -> Image.Image:
    canvas = Image.new("RGB", SIZE)
    half = SIZE[0] // 2, SIZE[1] // 2
    for at, path in enumerate(paths):
        with Image.open(path) as picture:
            scale = max(half[0] / picture.width, half[1] / picture.height, 1.0)
            sized = (
                picture.resize((round(picture.width * scale), round(picture.height * scale))) if scale > 1 else picture
            )
            canvas.paste(sized.crop((0, 0, *half)), (at % 2 * half[0], at // 2 * half[1]))
    return canvas


def _save(picture: Image.Image, dest: Path, number: int) -> Path:
    path = dest / f"photo-{number:02}.jpg"
    picture.save(path, quality=92, subsampling=1)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("dest", type=Path)
    parser.add_argument("--count", type=int, default=12)
    asked = parser.parse_args()
    for path in from_photographs(asked.source, asked.dest, asked.count):
        print(path)


if __name__ == "__main__":
    main()
