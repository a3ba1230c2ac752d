"""Files that all processes of one test run share, made by the first process that needs them."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def once(own: Path, name: str, make: Callable[[Path], object]) -> Path:
    """The file or folder `name` of this test run. `make` gets the path to write, and is called once a run.

    `own` is a folder of the calling process from `tmp_path_factory.mktemp`. No test may change what is shared.
    """
    # Under xdist, the folders of all processes of a run have one parent.
    shared = own.parent.parent if os.environ.get("PYTEST_XDIST_WORKER") else own.parent
    kept, part = shared / f"shared-{name}", shared / f"part-of-{name}"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            make(part)
            part.rename(kept)
    return kept
