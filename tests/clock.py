"""A clock that a test sets: it moves when the test moves it, and while code sleeps by it."""


class Clock:
    """Monotonic seconds, as `time.monotonic`; `sleep` as `time.sleep`, without the wait."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
