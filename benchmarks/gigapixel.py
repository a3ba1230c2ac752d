"""One huge JPEG through a whole fleet on this machine: seconds, tiles, and the peak memory of each process.

    python -m benchmarks.gigapixel [--folder DIR] [--megapixels 960] [--megabytes 217]

The JPEG is made once in the folder. It runs through `pixelfleet run --recipe zoom`, so that the heavy lane has it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import pyvips

from benchmarks import photos
from benchmarks.heavy import wide
from benchmarks.processes import peaks_below

_QUALITIES: Final = (30, 40, 50, 60, 70, 75, 80, 85, 90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "pixelfleet-heavy")
    parser.add_argument("--megapixels", type=int, default=960)
    parser.add_argument("--megabytes", type=int, default=217)
    asked = parser.parse_args()
    source = _source(asked.folder, asked.megapixels, asked.megabytes * 1_000_000)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        command = [sys.executable, "-m", "pixelfleet", "run", str(source), "--out", f"{folder}/out", "--recipe", "zoom"]
        # Its own temporary folder: the embedded cloud's files lie there.
        process = subprocess.Popen(
            [*command, "--json"], stdout=subprocess.PIPE, env=dict(os.environ) | {"TMPDIR": str(folder)}
        )
        with peaks_below(process.pid) as peaks:
            output, _ = process.communicate()
        files = sum(1 for path in Path(folder, "out").rglob("*") if path.is_file())
    images = json.loads(output)["images"] if output else []
    outcome = images[0]["status"] if images else f"no report, exit code {process.returncode}"
    size = f"{source.stat().st_size / 1e6:.0f} MB, {asked.megapixels} megapixels"
    print(
        f"{size}: {outcome}, {files:,} files, {time.monotonic() - began:.0f} s\n\n| process | peak MB |\n| --- | ---: |"
    )
    for kind, peak in sorted(peaks.items(), key=lambda item: -item[1]):
        print(f"| {kind} | {peak / 1e6:.0f} |")


def _source(folder: Path, megapixels: int, size: int) -> Path:
    """A JPEG of so many pixels, and of about so many bytes, by the quality that one photograph takes."""
    path = folder / f"giga-{megapixels}-{size // 1_000_000}.jpg"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    [photo] = photos.drawn(folder / "photos", 1)
    picture = pyvips.Image.new_from_file(str(photo))
    per_pixel = size / (megapixels * 1e6)
    quality = next((q for q in _QUALITIES if len(picture.jpegsave_buffer(Q=q)) >= per_pixel * 12e6), _QUALITIES[-1])
    print(f"making {path} (quality {quality})", file=sys.stderr)
    wide(photo, megapixels).jpegsave(str(path), Q=quality)
    return path


if __name__ == "__main__":
    main()
