"""Progress of long work: a gigapixel takes a minute, and a minute without a report looks like a hang."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from pixelfleet.images.vips import Image

#: Pixels of a source. Smaller sources are decoded too fast to need a report.
_LARGE: Final = 100_000_000
#: Seconds between two reports.
_EVERY: Final = 5.0
_log = logging.getLogger("pixelfleet.images")
_report: Callable[[str], object] = _log.info


def report_to(report: Callable[[str], object]) -> None:
    """Send reports to `report` instead of the log. A process works on one image at a time."""
    global _report  # noqa: PLW0603 - libvips' callbacks can reach only a global
    _report = report


def report_progress(image: Image, what: str, clock: Callable[[], float] = time.monotonic) -> None:
    """Report the progress of decoding a large image every five seconds until decoding ends.

    The caller keeps `image` for as long as anything is read from the image: pyvips frees the callback with this object,
    and libvips would still call the callback.
    """
    if image.width * image.height < _LARGE:
        return
    last = clock()

    def on_progress(_image: Image, progress: Any) -> None:
        nonlocal last
        if clock() - last >= _EVERY:
            last = clock()
            _report(f"{what}: {progress.percent} % after {progress.run} s")

    image.set_progress(True)
    image.signal_connect("eval", on_progress)
    image.signal_connect("posteval", on_progress)
