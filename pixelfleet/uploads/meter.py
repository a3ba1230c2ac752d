"""How many bytes many threads have moved so far, for whoever looks on."""

import threading


class Meter:
    """`sent` went to S3 in this run; `spared` lay there already, of files that are gone on with. In bytes."""

    def __init__(self) -> None:
        self.sent = 0
        self.spared = 0
        self._lock = threading.Lock()

    def add(self, *, sent: int = 0, spared: int = 0) -> None:
        with self._lock:
            self.sent += sent
            self.spared += spared
