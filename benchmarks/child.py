"""What the supervised child costs an image: the same small JPEGs through the engine in this process, and in a child.

    python -m benchmarks.child [--images 200] [--rounds 3]

CPU milliseconds an image, of this process and its children together; the smallest of the rounds, taken in turns.
"""

import argparse
import os
import resource
import tempfile
from pathlib import Path

from pixelfleet.domain.jobs import Lane
from pixelfleet.images.supervisor import RenderSupervisor
from pixelfleet.recipes import builtin
from pixelfleet.samples.photos import encoded
from pixelfleet.samples.scene import scene
from pixelfleet.settings import Settings
from worker.job.engine import Engine, InlineEngine, SupervisedEngine, bounds_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    settings = Settings()
    with tempfile.TemporaryDirectory() as folder, RenderSupervisor(settings.bulk_memory, 60) as supervisor:
        source = Path(folder) / "photo.jpg"
        source.write_bytes(encoded(scene((600, 400), "noon", "child"), "JPEG"))
        engines: dict[str, Engine] = {
            "in this process": InlineEngine(),
            "in a child": SupervisedEngine({Lane.BULK: supervisor}),
        }
        best = dict.fromkeys(engines, float("inf"))
        for _ in range(asked.rounds):
            for name, engine in engines.items():
                best[name] = min(best[name], _milliseconds(engine, source, settings, supervisor, asked.images))
    for name, milliseconds in best.items():
        print(f"{name:<16} {milliseconds:6.2f} ms CPU an image")
    here, child = best.values()
    print(f"the child costs  {child - here:6.2f} ms CPU an image")


def _milliseconds(engine: Engine, source: Path, settings: Settings, supervisor: RenderSupervisor, images: int) -> float:
    """The first image, which starts the child and loads the libraries, is not counted."""
    bounds, recipe = bounds_of(settings, Lane.BULK), builtin("web")
    with tempfile.TemporaryDirectory() as folder:
        engine.make(source, recipe, bounds, Path(folder), lambda _: None)
        before = _cpu(supervisor)
        for _ in range(images):
            engine.make(source, recipe, bounds, Path(folder), lambda _: None)
        return 1000 * (_cpu(supervisor) - before) / images


def _cpu(supervisor: RenderSupervisor) -> float:
    """Seconds of this process, and of the child that still runs (Linux, proc(5))."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = usage.ru_utime + usage.ru_stime
    if supervisor.pid is not None:
        fields = Path(f"/proc/{supervisor.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


if __name__ == "__main__":
    main()
