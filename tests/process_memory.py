"""The memory of a process, as the kernel counts it (proc(5), /proc/PID/status). Linux."""

from pathlib import Path
from typing import Literal


def memory_of(pid: int | Literal["self"], field: str = "VmHWM") -> int:
    """A process's peak (VmHWM) or present (VmRSS) resident memory in bytes; 0 once the process is gone.

    `ru_maxrss` would also count the memory before exec, which is the memory of the parent process.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)
