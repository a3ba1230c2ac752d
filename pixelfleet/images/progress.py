"""Progress of long work, logged: a gigapixel takes a minute, and silence looks like a hang."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from pixelfleet.images.vips import Image

#: Smaller sources are done before anyone would look.
_LARGE: Final = 100_000_000
_EVERY: Final = 5.0
_log = logging.getLogger("pixelfleet.images")


def _never() -> bool:
    return False


#: Asked during long work: whether whoever wants it has given up. A process works on one image at a time.
_given_up: Callable[[], bool] = _never


def stop_when(given_up: Callable[[], bool]) -> None:
    """End the work on a large image with an error soon after `given_up` says so: libvips sees no signals."""
    global _given_up  # noqa: PLW0603 - libvips' callbacks reach nothing else
    _given_up = given_up


def report_progress(image: Image, what: str) -> None:
    """Log how far the decoding of a large image has come, every five seconds, until it is done or given up.

    The caller keeps `image` for as long as anything is read from it: pyvips frees the callback with this very object,
    and libvips would still call it.
    """
    if image.width * image.height < _LARGE:
        return
    told = time.monotonic()

    def tell(_image: Image, progress: Any) -> None:
        nonlocal told
        if _given_up():
            image.set_kill(True)
        if time.monotonic() - told >= _EVERY:
            told = time.monotonic()
            _log.info("%s: %d %% after %d s", what, progress.percent, progress.run)

    image.set_progress(True)
    image.signal_connect("eval", tell)
    image.signal_connect("posteval", tell)
