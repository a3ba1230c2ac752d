"""Our pixels beside an independent decoder's, over any folder of files.

    python -m benchmarks.conformance --against imagemagick FOLDER...

For each file: who refuses it and why, whether both see the same size, how far the colours are apart (CIE 1976 ΔE of a
reduction to 32 x 32) and whether both see the same alpha. The table counts by format; `--list` names the files that
differ. The exit code is 1 where a file differs that both decode.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.oracles import ORACLES, Oracle, OracleError, Picture, delta_e, read_png
from pixelfleet.images.limits import Limits
from pixelfleet.images.supervisor import RenderSupervisor
from pixelfleet.recipes import Recipe, Variant

_LIMITS = Limits(max_bytes=200_000_000, max_pixels=50_000_000, max_frames=2000)
_RECIPE = Recipe(
    name="conformance", allow_svg=True, variants=(Variant.model_validate({"name": "full", "format": "png"}),)
)
#: A ΔE of 2.3 is just noticeable (Mahy et al. 1994); a mean of 3 leaves room for other rounding and rendering intents.
_MEAN, _WORST, _ALPHA = 3.0, 12.0, 8.0


@dataclass(frozen=True, slots=True)
class Result:
    """`kind` is the verdict of one file; `detail` explains it."""

    path: Path
    format: str
    kind: str
    detail: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.conformance", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--against", choices=sorted(ORACLES), default="imagemagick")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0, help="time for one file")
    parser.add_argument("--list", action="store_true", help="name every file that is not alike")
    options = parser.parse_args()
    oracle = ORACLES[options.against]
    if not oracle.present:
        parser.error(f"{options.against} is not installed: {oracle.package} of Debian has it")
    results = _compare_all(list(_files(options.folders)), oracle, options.jobs, options.seconds)
    _print_table(results)
    if options.list:
        for result in results:
            if result.kind not in {"alike", "both refuse"}:
                print(f"{result.kind}\t{result.path}\t{result.detail}")
    return int(any(result.kind.startswith("differs") for result in results))


def _files(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in (folder.rglob("*") if folder.is_dir() else [folder]) if path.is_file())


def _compare_all(paths: list[Path], oracle: Oracle, jobs: int, seconds: float) -> list[Result]:
    results: list[Result] = []
    with ThreadPoolExecutor(jobs) as pool:
        for chunk in pool.map(
            lambda part: _compare_part(part, oracle, seconds), [paths[at::jobs] for at in range(jobs)]
        ):
            results += chunk
    return sorted(results, key=lambda result: result.path)


def _compare_part(paths: list[Path], oracle: Oracle, seconds: float) -> list[Result]:
    with RenderSupervisor(2_000_000_000, seconds) as supervisor:
        return [_compare(path, oracle, supervisor, seconds) for path in paths]


def _compare(path: Path, oracle: Oracle, supervisor: RenderSupervisor, seconds: float) -> Result:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        outcome = supervisor.render(path, _RECIPE, _LIMITS, folder)
        kind = outcome.probe.format if outcome.probe else path.suffix.lower().lstrip(".") or "?"
        reason = f"{outcome.error.cause.value}: {outcome.error.message}" if outcome.error else ""
        try:
            theirs = oracle.decode(path, folder / "theirs.png", seconds)
        except OracleError as error:
            return Result(path, kind, "both refuse" if reason else "only ours reads", reason or str(error))
        if outcome.rendition is None:
            return Result(path, kind, f"refused: {reason.partition(':')[0]}", reason)
        ours = read_png(outcome.rendition.variants[0].path)
        return Result(path, kind, *_verdict(ours, theirs))


def _verdict(ours: Picture, theirs: Picture) -> tuple[str, str]:
    if ours.size != theirs.size:
        return "differs in size", f"{ours.size} is not {theirs.size}"
    alpha = max(abs(one[3] - other[3]) for one, other in zip(ours.pixels, theirs.pixels, strict=True))
    if alpha > _ALPHA:
        return "differs in alpha", f"by {alpha} of 255"
    apart = [delta_e(one, other) for one, other in zip(ours.pixels, theirs.pixels, strict=True) if one[3] > 0]
    mean, worst = sum(apart) / max(len(apart), 1), max(apart, default=0.0)
    kind = "differs in colour" if mean > _MEAN or worst > _WORST else "alike"
    return kind, f"ΔE {mean:.1f}, at worst {worst:.1f}"


def _print_table(results: list[Result]) -> None:
    kinds = sorted({result.kind for result in results})
    print("| format | files | " + " | ".join(kinds) + " |")
    print("| --- | ---: |" + " ---: |" * len(kinds))
    for name in sorted({result.format for result in results}):
        own = [result for result in results if result.format == name]
        counts = Counter(result.kind for result in own)
        print(f"| {name} | {len(own)} | " + " | ".join(str(counts[kind] or "") for kind in kinds) + " |")
    total = Counter(result.kind for result in results)
    print(f"| all | {len(results)} | " + " | ".join(str(total[kind]) for kind in kinds) + " |")


if __name__ == "__main__":
    sys.exit(main())
