"""The user's cache: what pixelfleet keeps on a disk between two commands."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Where the XDG base directory specification puts what can be made anew."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pixelfleet" / "uploads"
