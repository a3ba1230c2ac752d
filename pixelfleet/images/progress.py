"""Progress of long work, logged: a gigapixel takes a minute, and silence looks like a hang."""

import logging
import time
from typing import Any, Final

from pixelfleet.images.vips import Image

#: Smaller sources are done before anyone would look.
_LARGE: Final = 100_000_000
_EVERY: Final = 5.0
_log = logging.getLogger("pixelfleet.images")


def report_progress(image: Image, what: str) -> None:
    """Log how far the decoding of a large image has come, every five seconds, until it is done.

    The caller keeps `image` for as long as anything is read from it: pyvips frees the callback with this very object,
    and libvips would still call it.
    """
    if image.width * image.height < _LARGE:
        return
    told = time.monotonic()

    def tell(_image: Image, progress: Any) -> None:
        nonlocal told
        if time.monotonic() - told >= _EVERY:
            told = time.monotonic()
            _log.info("%s: %d %% after %d s", what, progress.percent, progress.run)

    image.set_progress(True)
    image.signal_connect("eval", tell)
    image.signal_connect("posteval", tell)
