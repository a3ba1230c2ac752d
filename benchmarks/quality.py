"""Bytes and CPU at an equal worst score: our encoders with a number and with a target, beside others' defaults.

`python -m benchmarks.quality [FOLDER] [--side 1024] [--count 24]`. Each photograph is reduced to a box of `--side`
pixels first, so that the source's own compression hardly shows. Without a folder, scenes are drawn; their detail is
kinder to every encoder than a photograph's. SSIM is measured on the whole picture. SSIMULACRA2 is measured too, if
the extra `ssimulacra2` is installed: a second a picture. jpegli takes part if `pyjpegli` or `ajpegli` is installed.

CPU time is that of the encode, with the search of a target: one thread, ratios within one run.
"""

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from benchmarks import photos
from benchmarks.contenders.encoders import Encoder, encoders, suffix_of
from pixelfleet.images.quality.ssim import ssim
from pixelfleet.images.vips import pyvips, ready

#: The goals: bytes of the target as a part of those of quality 80 at an equal worst score, and CPU times its own.
_MOST_BYTES: Final = 0.75
_MOST_CPU: Final = 2.5

Measure = Callable[[Any, Path], float]


@dataclass(frozen=True, slots=True)
class Point:
    """One encoder at one setting, over all photographs: kB and CPU ms an image; mean and worst score by metric."""

    encoder: str
    setting: float
    kilobytes: float
    cpu_ms: float
    mean: dict[str, float]
    worst: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="JPEGs; default: drawn scenes")
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--only", default="", help="encoders whose name contains this text; the first is always there")
    parser.add_argument("--json", type=Path, help="write the points to this file, too")
    asked = parser.parse_args()
    ready()
    with tempfile.TemporaryDirectory() as scratch:
        files = sorted(asked.folder.glob("*.jp*g")) if asked.folder else photos.drawn(Path(scratch), asked.count)
        images = [_reduced(file, asked.side) for file in files[: asked.count]]
        chosen = [one for number, one in enumerate(encoders()) if not number or asked.only in one.name]
        points = [_point(encoder, setting, images, Path(scratch)) for encoder in chosen for setting in encoder.settings]
    if asked.json:
        asked.json.write_text(json.dumps([asdict(point) for point in points], indent=1))
    print(f"{len(images)} photographs of {asked.side} px\n")
    _print_points(points)
    for metric in points[0].worst:
        _print_equal(points, metric)


def _reduced(file: Path, side: int) -> Any:
    image = pyvips.Image.thumbnail(str(file), side, height=side, size="down")
    return image.colourspace("srgb").extract_band(0, n=3).copy_memory()


def _metrics() -> dict[str, Measure]:
    metrics: dict[str, Measure] = {"SSIM": lambda image, path: ssim(image, pyvips.Image.new_from_file(str(path)))}
    try:
        library = importlib.import_module("ssimulacra2")
    except ImportError:
        return metrics

    def simulacra(image: Any, path: Path) -> float:
        with tempfile.TemporaryDirectory() as folder:
            names = [str(Path(folder) / name) for name in ("original.png", "variant.png")]
            image.pngsave(names[0], compression=1)
            pyvips.Image.new_from_file(str(path)).pngsave(names[1], compression=1)
            return float(library.compute_ssimulacra2(*names))

    return metrics | {"SSIMULACRA2": simulacra}


def _point(encoder: Encoder, setting: float, images: list[Any], scratch: Path) -> Point:
    metrics = _metrics()
    scores: dict[str, list[float]] = {name: [] for name in metrics}
    sizes, spent = [], []
    path = scratch / f"variant{suffix_of(encoder)}"
    for image in images:
        before = time.process_time()
        encoder.encode(image, setting, path)
        spent.append(time.process_time() - before)
        sizes.append(path.stat().st_size)
        for name, measure in metrics.items():
            scores[name].append(measure(image, path))
    return Point(
        encoder.name,
        setting,
        fmean(sizes) / 1000,
        1000 * fmean(spent),
        {name: fmean(each) for name, each in scores.items()},
        {name: min(each) for name, each in scores.items()},
    )


def _print_points(points: list[Point]) -> None:
    metrics = list(points[0].worst)
    print(
        f"| encoder | setting | kB/image | CPU ms/image | {' | '.join(f'{name}, mean and worst' for name in metrics)} |"
    )
    print(f"| --- | ---: | ---: | ---: |{' ---: |' * len(metrics)}")
    for point in points:
        scores = " | ".join(f"{_shown(point.mean[name])}, {_shown(point.worst[name])}" for name in metrics)
        print(f"| {point.encoder} | {point.setting:g} | {point.kilobytes:.1f} | {point.cpu_ms:.1f} | {scores} |")


def _shown(score: float) -> str:
    return f"{score:.1f}" if abs(score) > 1 else f"{score:.4f}"


def _print_equal(points: list[Point], metric: str) -> None:
    """Each encoder at the worst score of the first at quality 80, between the two settings around that score."""
    [base] = [point for point in points if point.encoder == points[0].encoder and point.setting == 80]
    goal = base.worst[metric]
    print(f"\nAt the worst {metric} of {base.encoder} at 80 ({_shown(goal)}):\n")
    print("| encoder | setting | bytes | CPU |\n| --- | ---: | ---: | ---: |")
    for name in dict.fromkeys(point.encoder for point in points):
        equal = _equal([point for point in points if point.encoder == name], metric, goal)
        if equal is not None:
            size, cpu = equal[1] / base.kilobytes, equal[2] / base.cpu_ms
            mark = " (goal reached)" if name == _TARGETED and size <= _MOST_BYTES and cpu <= _MOST_CPU else ""
            print(f"| {name} | {equal[0]:.3g} | x {size:.2f} | x {cpu:.2f}{mark} |")


_TARGETED: Final = "JPEG, ours, target"


def _equal(points: list[Point], metric: str, goal: float) -> tuple[float, float, float] | None:
    """Setting, kB and ms at the goal; None if the goal lies outside the settings that were tried."""
    ordered = sorted(points, key=lambda point: point.worst[metric])
    for low, high in pairwise(ordered):
        if low.worst[metric] <= goal <= high.worst[metric]:
            span = high.worst[metric] - low.worst[metric]
            part = (goal - low.worst[metric]) / span if span else 0.0
            pairs = ((low.setting, high.setting), (low.kilobytes, high.kilobytes), (low.cpu_ms, high.cpu_ms))
            setting, size, cpu = (one + part * (other - one) for one, other in pairs)
            return setting, size, cpu
    return None


if __name__ == "__main__":
    main()
