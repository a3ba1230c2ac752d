"""The program that compares pictures for `comparison.py`: `python -m pixelfleet.images.comparison_child MEMORY`."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from pixelfleet.images.process_limits import bound

#: Bytes of one file that the program may write: it writes none.
_FILE_BYTES: Final = 1_000_000


def main() -> None:
    """Reads pairs of paths as JSON from standard input, and writes a list of numbers and nulls."""
    bound(int(sys.argv[1]), _FILE_BYTES)
    # The memory is limited before libvips is loaded.
    from pixelfleet.images.ssim import similarity  # noqa: PLC0415
    from pixelfleet.images.vips import pyvips, ready  # noqa: PLC0415

    ready()
    scores: list[float | None] = []
    for one, other in json.load(sys.stdin.buffer):
        score = None
        with suppress(pyvips.Error):
            score = similarity(Path(one), Path(other))
        scores.append(score)
    sys.stdout.write(json.dumps(scores))


if __name__ == "__main__":
    main()
