"""The likeness of variants to lossless pictures, by a process of its own without credentials.

Variants were written by a child that decoded an untrusted file. So no process that has credentials decodes them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pixelfleet.images.supervisor import without_secrets

Pair = tuple[Path, Path]


def similarities(pairs: Sequence[Pair], memory: int, seconds: float) -> list[float | None]:
    """The SSIM of each pair of files; None for a pair that cannot be compared, or if the program fails.

    Args:
        memory: bytes that the program may allocate.
        seconds: the time limit of all pairs together.
    """
    if not pairs:
        return []
    order = json.dumps([[os.fspath(one), os.fspath(other)] for one, other in pairs])
    unknown: list[float | None] = [None] * len(pairs)
    with suppress(subprocess.SubprocessError, ValueError):
        # -P: no import from the user's current folder.
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pixelfleet.images.comparison_child", str(memory)],
            input=order.encode(),
            capture_output=True,
            timeout=seconds,
            check=True,
            env=without_secrets(os.environ),
        )
        scores = json.loads(done.stdout)
        if isinstance(scores, list) and len(scores) == len(pairs):
            return [float(score) if isinstance(score, int | float) else None for score in scores]
    return unknown
