"""The limits that a process sets itself before it decodes an untrusted file."""

import resource
import sys
from typing import Final

#: Files that this process may hold open: a source, spooled pages and the variants.
_OPEN_FILES: Final = 256
#: Linux's proc(5): when memory runs out, the kernel ends the process of the highest score first; 1,000 is the most.
_OOM_SCORE: Final = "800"


def bound(memory: int, file_bytes: int) -> None:
    """Allocations beyond `memory` fail. Data and anonymous mappings count; a mapped source file does not."""
    _lower(resource.RLIMIT_DATA, memory)
    # Python ignores SIGXFSZ, so a write beyond this limit fails with EFBIG.
    _lower(resource.RLIMIT_FSIZE, file_bytes)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    # A crash is counted; no core file is kept.
    _lower(resource.RLIMIT_CORE, 0)
    # If the machine runs out of memory before the limit is reached, the kernel ends this process and not the worker.
    if sys.platform == "linux":
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123 - no Path is needed
            file.write(_OOM_SCORE)


def _lower(which: int, most: int) -> None:
    hard = resource.getrlimit(which)[1]
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (bound, bound))
