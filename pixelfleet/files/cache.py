"""The user's cache folder: files that pixelfleet keeps between two commands and can make again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The cache folder of upload journals (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pixelfleet" / "uploads"
