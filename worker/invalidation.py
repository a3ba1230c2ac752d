"""Sends the images that a child process removed to CloudFront, between two heartbeats."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class InvalidationSender:
    """Sends on request, and again until no image is left. `ask` may be called from any thread.

    The first turn sends as well: a dead child may have left images, which otherwise wait for the next reconcile, and
    the successor of a dead child is a new child.

    `send` sends what is pending, and returns whether nothing is left; see `send_invalidations`.
    """

    def __init__(self, send: Callable[[], bool]) -> None:
        self._send = send
        self._asked = threading.Event()
        self._asked.set()

    def ask(self) -> None:
        self._asked.set()

    def turn(self) -> None:
        """Send pending images, if there are any. After an error, the next turn sends them."""
        if not self._asked.is_set():
            return
        # Cleared before the images are read: the next turn sends images that are noted later.
        self._asked.clear()
        try:
            finished = self._send()
        except Exception as error:  # noqa: BLE001 - the images stay noted; the next turn sends them
            log.warning("removed images were not invalidated", extra={"reason": f"{type(error).__name__}: {error}"})
            finished = False
        if not finished:
            self._asked.set()
