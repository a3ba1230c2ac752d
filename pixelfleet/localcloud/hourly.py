"""The reconcile of a fleet on this machine: at the start and every hour, as the scheduled task does on AWS."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from pixelfleet.deployment import Deployment
from pixelfleet.errors import PixelfleetError
from pixelfleet.operations.reconcile.run import ReconcileOrder, ReconcileReport, reconcile
from pixelfleet.settings import Settings

#: Seconds between two reconciles.
EVERY: Final = 3600.0
#: Seconds after a failed reconcile until the next try: the cloud may still be starting.
AGAIN: Final = 60.0
#: The sweep lists all results: it runs with the first reconcile, and then once a day.
SWEEP_EVERY: Final = timedelta(days=1)
WHO: Final = "pixelfleet up"


class HourlyReconcile:
    """Runs in a thread for the duration of a `with` block. A reconcile that is cut short goes on at the next start."""

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._deployment = Deployment(settings)
        self._say = say
        self._clock = clock
        self._stop = threading.Event()
        self._swept: datetime | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self.run, name="reconcile", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Begin no further reconcile."""
        self._stop.set()

    def run(self) -> None:
        """Reconcile now, and again until `stop`."""
        while not self._stop.is_set():
            self._stop.wait(EVERY if self.once() else AGAIN)

    def once(self) -> bool:
        """One reconcile; returns whether it succeeded. A reconcile that sends jobs prints a message."""
        now = self._clock()
        # A clock that was set back makes the last sweep one of the future.
        sweep = self._swept is None or not timedelta(0) <= now - self._swept < SWEEP_EVERY
        try:
            report = reconcile(self._deployment, ReconcileOrder(who=WHO, sweep=sweep), now)
        except Exception as error:  # noqa: BLE001 - the thread must not end: nobody would miss its reconciles
            reason = str(error) if isinstance(error, PixelfleetError) else f"{type(error).__name__}: {error}"
            if not self._stop.is_set():
                self._say(f"the hourly reconcile failed, and is tried again in a minute: {reason}")
            return False
        if sweep:
            self._swept = now
        if words := _in_words(report):
            self._say(f"the hourly reconcile sent jobs: {words}")
        return True


def _in_words(report: ReconcileReport) -> str:
    swept = report.swept
    parts = {
        "for objects that were missing, changed or stuck": report.result.sent,
        "to remove images whose object is gone": report.records.gone + (swept.removed if swept else 0),
        "for records that were unfinished": report.records.unfinished,
        "for aliases that were missing or old": swept.aliases if swept else 0,
    }
    return ", ".join(f"{number:,} {what}" for what, number in parts.items() if number)
