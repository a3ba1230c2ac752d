"""What a worker process that lives long holds on to: RSS over thousands of images.

`python -m benchmarks.memory [--images DIR] [--count N]`. Run it also with `LD_PRELOAD=libjemalloc.so.2`, and with
`MALLOC_ARENA_MAX=2`, to compare allocators.
"""

import argparse
import os
import tempfile
from pathlib import Path

from pixelfleet.errors import ProcessingError
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import builtin
from pixelfleet.samples import make_samples

_LIMITS = Limits(max_bytes=10**9, max_pixels=100_000_000, max_frames=2000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="folder of images; default the project's samples")
    parser.add_argument("--count", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        files = sorted(path for path in asked.images.rglob("*") if path.is_file()) if asked.images else []
        files = files or make_samples(Path(scratch) / "samples")
        print(f"allocator: {os.environ.get('LD_PRELOAD') or 'glibc'}\n\n| images | RSS MB |\n| ---: | ---: |")
        for number in range(1, asked.count + 1):
            _one(files[number % len(files)], Path(scratch))
            if number in (1, 50) or number % (asked.count // 8) == 0:
                print(f"| {number} | {_rss() / 1e6:.0f} |", flush=True)


def _one(source: Path, scratch: Path) -> None:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        try:
            render(source, probe(source, _LIMITS), builtin("web"), Path(folder))
        except ProcessingError:
            # Broken samples are part of a worker's day.
            return


def _rss() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
