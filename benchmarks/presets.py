"""What an encoder's effort buys: CPU against bytes, at equal quality.

`python -m benchmarks.presets [--images DIR]`. Each photograph is reduced to 2048 px, then encoded at every effort; for
each, the quality setting is first searched at which SSIM equals that of the default effort, so that bytes compare.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pyvips

from benchmarks import photos, similarity

_COUNT = 4
_QUALITIES = range(40, 96, 2)

Save = Callable[[Any, Path, int, int], None]


def webp(image: Any, path: Path, effort: int, q: int) -> None:
    image.webpsave(str(path), Q=q, effort=effort, keep="none")


def avif(image: Any, path: Path, effort: int, q: int) -> None:
    image.heifsave(str(path), compression="av1", Q=q, effort=effort, bitdepth=8, keep="none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path)
    asked = parser.parse_args()
    pyvips.concurrency_set(1)
    with tempfile.TemporaryDirectory() as scratch:
        files = sorted(asked.images.glob("*.jp*g")) if asked.images else photos.drawn(Path(scratch) / "photos", _COUNT)
        images = [pyvips.Image.thumbnail(str(file), 2048, size="down").copy_memory() for file in files[:_COUNT]]
        _table("WebP", webp, images, range(7), (80, 4), Path(scratch))
        # Beyond these an encode takes seconds.
        _table("AVIF", avif, images, range(4), (60, 0), Path(scratch))


def _table(name: str, save: Save, images: list[Any], efforts: range, standard: tuple[int, int], scratch: Path) -> None:
    q, effort = standard
    print(f"\n{name}, SSIM as at quality {q}, effort {effort}\n\n| effort | CPU ms/image | kB/image | quality |")
    print("| ---: | ---: | ---: | ---: |")
    goals = [_ssim(image, save, effort, q, scratch) for image in images]
    for tried in efforts:
        results = [_at_goal(image, save, tried, goal, scratch) for image, goal in zip(images, goals, strict=True)]
        columns = [fmean(each[column] for each in results) for column in range(3)]
        print(f"| {tried} | {columns[0]:.0f} | {columns[1]:.0f} | {columns[2]:.1f} |", flush=True)


def _at_goal(image: Any, save: Save, effort: int, goal: float, scratch: Path) -> tuple[float, float, float]:
    """CPU ms, kB and quality setting; bytes are interpolated between the two settings around the goal."""
    low, high = 0, len(_QUALITIES) - 1
    while low < high:
        middle = (low + high) // 2
        if _ssim(image, save, effort, _QUALITIES[middle], scratch) < goal:
            low = middle + 1
        else:
            high = middle
    above = _QUALITIES[low]
    path = scratch / "out"
    before = time.process_time()
    save(image, path, effort, above)
    spent = time.process_time() - before
    size, reached = path.stat().st_size, _ssim(image, save, effort, above, scratch)
    below = _ssim(image, save, effort, above - 2, scratch)
    share = (goal - below) / (reached - below) if reached > below else 1.0
    save(image, path, effort, above - 2)
    small = path.stat().st_size
    return 1000 * spent, (small + (size - small) * share) / 1000, above - 2 + 2 * share


def _ssim(image: Any, save: Save, effort: int, q: int, scratch: Path) -> float:
    path = scratch / "compared"
    save(image, path, effort, q)
    return similarity.compare(similarity.luma(image), path).ssim


if __name__ == "__main__":
    main()
