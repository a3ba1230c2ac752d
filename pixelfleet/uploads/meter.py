"""The bytes that all threads have moved so far."""

import threading


class Meter:
    """`sent` counts the bytes that went to S3 in this run; `spared` those that S3 had already of unfinished files."""

    def __init__(self) -> None:
        self.sent = 0
        self.spared = 0
        self._lock = threading.Lock()

    def add(self, *, sent: int = 0, spared: int = 0) -> None:
        with self._lock:
            self.sent += sent
            self.spared += spared
