"""The engine beside what a user would pick instead, on the same files: CPU, memory, bytes and quality.

`python -m benchmarks.engine [--images DIR] [--sharp DIR]`. Each contender runs in a process of its own, pinned to one
core, after one image to warm up. `--sharp` names a folder in which `npm install sharp` was run. CPU time is counted,
not the clock, so that what else the machine does hardly matters. Below the table stand the ratios that are promised for
12-megapixel JPEGs, each with its limit; the exit code is 1 where a ratio is over its limit. Takes about two minutes.
"""

import argparse
import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks import photos, similarity

CONTENDERS = ("pixelfleet", "pillow", "pillow-tuned", "sharp-pipelines", "sharp-shared", "codecs")
_MODULES = {"pixelfleet": "ours", "pillow": "pillow", "pillow-tuned": "pillow_tuned", "codecs": "codecs"}
_SHARP = Path(__file__).parent / "contenders" / "sharp.cjs"
#: Quality is measured on this many images: the measurement takes longer than the work.
_COMPARED = 6
#: The most CPU time of pixelfleet, as a part of that of the best contender whose name begins so.
_LIMITS = {"codecs": 1.22, "pillow": 0.25, "sharp": 0.40}


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    cpu_ms: float
    rss_mb: float
    kilobytes: float
    thumb: similarity.Quality
    optimized: similarity.Quality


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="folder of JPEGs; default: twelve scenes of 12 megapixels")
    parser.add_argument("--sharp", type=Path, help="folder whose node_modules has sharp")
    parser.add_argument("--only", nargs="*", choices=CONTENDERS, default=CONTENDERS)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the least CPU counts")
    parser.add_argument("--contender", choices=sorted(_MODULES), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.contender:
        print(json.dumps(_work(asked.contender, sorted(asked.images.iterdir()), asked.out)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.images or Path(scratch) / "photos"
        files = sorted(folder.glob("*.jp*g")) if asked.images else photos.drawn(folder, 12)
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in asked.only}
        # Round by round, so that what else the machine does meets all alike.
        for name in list(asked.only) * asked.repeat:
            runs[name] += _run(name, files, asked.sharp, Path(scratch) / name)
        results = [_result(name, runs[name], files, Path(scratch) / name) for name in asked.only if runs[name]]
    _print(results, len(files))
    return int(_over_a_limit(results))


def _run(name: str, files: list[Path], sharp: Path | None, out: Path) -> list[dict[str, float]]:
    """CPU seconds and peak bytes of one run; nothing where the contender is not there."""
    for file in files:
        (out / file.stem).mkdir(parents=True, exist_ok=True)
    command = _command(name, files, sharp, out)
    if command is None:
        return []
    environment = dict(os.environ, VIPS_CONCURRENCY="1", UV_THREADPOOL_SIZE="1")
    if sharp:
        environment["NODE_PATH"] = str(sharp / "node_modules")
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, preexec_fn=_pin)
    return [json.loads(done.stdout)]


def _result(name: str, runs: list[dict[str, float]], files: list[Path], out: Path) -> Result:
    written = [file.stat().st_size for file in out.rglob("*.*")]
    thumb, optimized = _quality_of(files[:_COMPARED], out)
    cpu = min(run["cpu"] for run in runs)
    peak = max(run["rss"] for run in runs)
    return Result(name, 1000 * cpu / len(files), peak / 1e6, sum(written) / 1000 / len(files), thumb, optimized)


def _command(name: str, files: list[Path], sharp: Path | None, out: Path) -> list[str] | None:
    if name in _MODULES:
        folder = str(files[0].parent)
        return [sys.executable, "-m", "benchmarks.engine", "--contender", name, "--images", folder, "--out", str(out)]
    if sharp is None or shutil.which("node") is None:
        print(f"{name}: skipped, it needs node and --sharp DIR with sharp in its node_modules", file=sys.stderr)
        return None
    return ["node", str(_SHARP), name.removeprefix("sharp-"), str(out), *map(str, files)]


def _pin() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _work(name: str, files: list[Path], out: Path) -> dict[str, float]:
    contender = importlib.import_module(f"benchmarks.contenders.{_MODULES[name]}")
    prepare = getattr(contender, "prepare", None)
    spent = 0.0
    for number, file in enumerate([files[0], *files]):
        if prepare:
            prepare(file, out / file.stem)
        before = time.process_time()
        contender.run(file, out / file.stem)
        spent += time.process_time() - before if number else 0.0
    return {"cpu": spent, "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def _quality_of(files: list[Path], out: Path) -> tuple[similarity.Quality, similarity.Quality]:
    qualities = []
    for variant, side in (("thumb.webp", 320), ("optimized.jpg", 2048)):
        each = [similarity.compare(similarity.reference(file, side), out / file.stem / variant) for file in files]
        qualities.append(similarity.Quality(fmean(one.ssim for one in each), fmean(one.psnr for one in each)))
    return qualities[0], qualities[1]


def _print(results: list[Result], count: int) -> None:
    floor = next((result.cpu_ms for result in results if result.name == "codecs"), None)
    print(f"{count} images, one core, CPU time\n")
    print("| engine | CPU ms/image | x codecs | images/s | peak MB | kB/image | thumb SSIM, dB | optimized SSIM, dB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for result in results:
        times = f"{result.cpu_ms / floor:.2f}" if floor else ""
        print(
            f"| {result.name} | {result.cpu_ms:.1f} | {times} | {1000 / result.cpu_ms:.1f} | {result.rss_mb:.0f} "
            f"| {result.kilobytes:.0f} | {result.thumb.ssim:.4f}, {result.thumb.psnr:.1f} "
            f"| {result.optimized.ssim:.4f}, {result.optimized.psnr:.1f} |"
        )
    print()


def _over_a_limit(results: list[Result]) -> bool:
    """Prints the promised ratios; returns whether one is over its limit."""
    spent = {result.name: result.cpu_ms for result in results}
    own = spent.get("pixelfleet")
    over = False
    for name, limit in _LIMITS.items():
        # `pillow-tuned` is no part of the promise; of two ways with sharp the faster counts.
        others = [spent[peer] for peer in (name, f"{name}-pipelines", f"{name}-shared") if peer in spent]
        if own is None or not others:
            print(f"pixelfleet / {name}: not measured (limit {limit:.2f})")
            continue
        ratio = own / min(others)
        over = over or ratio > limit
        print(f"pixelfleet / {name}: {ratio:.2f} (limit {limit:.2f}){' OVER' if ratio > limit else ''}")
    return over


if __name__ == "__main__":
    sys.exit(main())
