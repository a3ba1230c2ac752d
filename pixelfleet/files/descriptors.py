"""How many files and connections this process may have open."""

import resource
from contextlib import suppress


def take_all_descriptors() -> int:
    """Raise the soft limit of open files to the hard limit, since the usual 1,024 are few for a server.

    Returns the limit that holds now.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    # -1 is no limit (macOS).
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft
