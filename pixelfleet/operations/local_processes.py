"""Processes of this machine, by their numbers."""

import os


def is_running(pid: int) -> bool:
    """Whether a process with this number runs, of any user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
