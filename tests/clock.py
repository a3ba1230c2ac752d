"""A clock that a test sets. The clock moves when the test moves it, and when code sleeps by it."""


class Clock:
    """Returns monotonic seconds like `time.monotonic`. `sleep` replaces `time.sleep` and does not wait."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
