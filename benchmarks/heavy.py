"""Gigapixels: time and peak memory of all variants, beside libvips' own thumbnailer for the thumbnail alone.

`python -m benchmarks.heavy [--folder DIR] [--megapixels N]`. The sources are made once in the folder (10 GB for four of
a gigapixel), from photographs if `--images` names some. Each run is a process of its own; its progress is logged.
`vips.thumbnail` is what the program `vipsthumbnail` calls, here from the same libvips. With `--repeat` the works take
turns and the least of each counts; `x vips` is the CPU time of `thumb` beside that of `vips.thumbnail`. The last line
says the largest peak of pixelfleet's own works; the exit code is 1 where the peak is over its limit.
"""

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyvips

from benchmarks import photos
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import builtin, parse

SOURCES: dict[str, dict[str, Any]] = {
    "giga.jpg": {"Q": 85},
    "giga-tiled.tif": {"tile": True, "tile_width": 256, "tile_height": 256, "compression": "lzw", "bigtiff": True},
    "giga-striped.tif": {"compression": "lzw", "bigtiff": True},
    "giga.png": {"compression": 1},
}
_LIMITS = Limits(max_bytes=20_000_000_000, max_pixels=2_500_000_000, max_frames=10)
_THUMB = 'name = "thumb"\n[[variants]]\nname = "thumb"\nbox = 320\nformat = "jpeg"\nquality = 80\nprogressive = false\n'
#: Peak megabytes of one process, whatever the size of the picture.
_PEAK_LIMIT = 600
WORK = ("web", "zoom", "thumb", "vips.thumbnail")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "pixelfleet-heavy")
    parser.add_argument("--images", type=Path, help="folder of photographs to make the sources of")
    parser.add_argument("--megapixels", type=int, default=1000)
    parser.add_argument("--work", nargs="*", choices=WORK, default=WORK)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        print(json.dumps(_one(asked.one[0], Path(asked.one[1]))))
        return 0
    sources = _sources(asked.folder, asked.images, asked.megapixels)
    print(
        "| source | MB | work | CPU s | x vips | seconds | peak MB |\n| --- | ---: | --- | ---: | ---: | ---: | ---: |"
    )
    peak = 0.0
    for source in sources:
        best: dict[str, dict[str, float]] = {}
        for _ in range(asked.repeat):
            for work in asked.work:
                figures = _measure(work, source)
                kept = best.setdefault(work, figures)
                best[work] = {name: min(kept[name], value) for name, value in figures.items()}
        for work, figures in best.items():
            _print_row(source, work, figures, best)
            peak = peak if work == "vips.thumbnail" else max(peak, figures["rss"] / 1e6)
    over = peak > _PEAK_LIMIT
    print(f"\nlargest peak: {peak:.0f} MB (limit {_PEAK_LIMIT}){' OVER' if over else ''}")
    return int(over)


def _print_row(source: Path, work: str, figures: dict[str, float], best: dict[str, dict[str, float]]) -> None:
    peer = best.get("vips.thumbnail") if work == "thumb" else None
    ratio = f"{figures['cpu'] / peer['cpu']:.2f}" if peer else ""
    print(
        f"| {source.name} | {source.stat().st_size / 1e6:.0f} | {work} | {figures['cpu']:.1f} | {ratio} "
        f"| {figures['seconds']:.1f} | {figures['rss'] / 1e6:.0f} |",
        flush=True,
    )


def _measure(work: str, source: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.heavy", "--one", work, str(source)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _one(work: str, source: Path) -> dict[str, float]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        if work == "vips.thumbnail":
            small = pyvips.Image.thumbnail(str(source), 320, size="down")
            small.jpegsave(str(Path(folder) / "thumb.jpg"), Q=80, keep="none")
        else:
            recipe = parse(_THUMB, work) if work == "thumb" else builtin(work)
            render(source, probe(source, _LIMITS), recipe, Path(folder))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "seconds": time.monotonic() - began,
        "rss": used.ru_maxrss * 1024.0,
    }


def _sources(folder: Path, images: Path | None, megapixels: int) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in SOURCES if not (folder / name).exists()]
    if missing:
        files = sorted(images.glob("*.jp*g")) if images else photos.drawn(folder / "photos", 1)
        picture = wide(files[0], megapixels)
        for name in missing:
            print(f"making {folder / name}", file=sys.stderr)
            picture.write_to_file(str(folder / name), **SOURCES[name])
    return [folder / name for name in SOURCES]


def wide(photo: Path, megapixels: int) -> Any:
    """The photograph, laid side by side until it has that many pixels."""
    image = pyvips.Image.new_from_file(str(photo)).copy_memory()
    side = int((megapixels * 1e6) ** 0.5)
    return image.replicate(side // image.width + 1, side // image.height + 1).crop(0, 0, side, side)


if __name__ == "__main__":
    sys.exit(main())
