"""Sends the images that a child process removed to CloudFront, between two heartbeats."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class InvalidationSender:
    """Sends when asked, and again until nothing is left. `ask` may be called from any thread.

    The first turn sends as well: a child that died may have left images that nobody else sends before the next
    reconcile, and its successor is a new child.

    `send` sends what is pending, and returns whether nothing is left; see `send_invalidations`.
    """

    def __init__(self, send: Callable[[], bool]) -> None:
        self._send = send
        self._asked = threading.Event()
        self._asked.set()

    def ask(self) -> None:
        self._asked.set()

    def turn(self) -> None:
        """Send, if there is anything to send. An error leaves it to the next turn."""
        if not self._asked.is_set():
            return
        # Cleared before the images are read: those that are noted later are sent by the next turn.
        self._asked.clear()
        try:
            finished = self._send()
        except Exception as error:  # noqa: BLE001 - the images stay noted; the next turn sends them
            log.warning("removed images were not invalidated", extra={"reason": f"{type(error).__name__}: {error}"})
            finished = False
        if not finished:
            self._asked.set()
