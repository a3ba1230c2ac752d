"""Whether the event loop of this container's worker still runs: `python -m worker.health`, for ECS's health check.

The loop touches a file. When the loop hangs, on a receive or a lock, the file becomes old, and ECS starts another
task. The file's time is that of the system's monotonic clock, which all processes share, and which nobody sets.
Remote control, which Celery's own `inspect ping` needs, does not exist on SQS.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from celery.signals import worker_ready

from pixelfleet.settings import load_settings

#: Seconds between two touches, and the age at which the loop counts as hung: a receive may take 20 s, an
#: acknowledgement with all its repeats longer.
INTERVAL: Final = 15
HUNG: Final = 120


def pulse_file(scratch: Path | None) -> Path:
    return (scratch or Path(tempfile.gettempdir())) / "pixelfleet-worker-alive"


@worker_ready.connect  # type: ignore[untyped-decorator,unused-ignore]
def keep_pulse(sender: Any, **_: Any) -> None:
    """Touch the file on the event loop from now on."""
    pulse = pulse_file(load_settings().scratch_dir)
    touch(pulse)
    sender.hub.call_repeatedly(INTERVAL, touch, pulse)


def touch(pulse: Path, clock: Callable[[], float] = time.monotonic) -> None:
    """Give the file the clock's time."""
    pulse.touch()
    os.utime(pulse, (clock(), clock()))


def age(pulse: Path, clock: Callable[[], float] = time.monotonic) -> float | None:
    """Seconds since the last touch; None where no worker has been ready since the system's start."""
    try:
        seconds = clock() - pulse.stat().st_mtime
    except FileNotFoundError:
        return None
    return seconds if seconds >= -1 else None


def main() -> int:
    seconds = age(pulse_file(load_settings().scratch_dir))
    if seconds is None:
        sys.stderr.write("no worker has been ready here\n")
        return 1
    if seconds > HUNG:
        sys.stderr.write(f"the worker's event loop has not turned for {seconds:.0f} s\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
