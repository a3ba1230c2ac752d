"""The memory that processes of this machine share."""

import os
from pathlib import Path


def machine_memory() -> int:
    """Bytes of memory that this machine, or the container, has (Linux's cgroup v2: memory.max)."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        text = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return whole
    return min(whole, int(text)) if text.isdigit() else whole
