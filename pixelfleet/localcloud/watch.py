"""Tends the fleet of a run: restarts processes, starts a heavy worker for the first heavy image, reports silence."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import TransientError
from pixelfleet.localcloud.embedded import EmbeddedFleet
from pixelfleet.localcloud.run import Run
from pixelfleet.localcloud.supervise import FleetLostError

#: Seconds between two looks at the queues.
LOOK_EVERY: Final = 1.0
#: Seconds without a result after which a message gives the reason; the message is repeated at this interval.
SILENCE: Final = 30.0
#: Consecutive looks at empty queues that prove that no image is under way.
PROOF: Final = 5


@dataclass(slots=True)
class Watch:
    """The run calls this watch at every turn of its loop."""

    embedded: EmbeddedFleet
    deployment: Deployment
    say: Callable[[str], None]
    _next_look: float = 0.0
    _next_message: float = field(default=0.0)
    _empty_looks: int = 0

    def __call__(self, run: Run) -> None:
        """Raises FleetLostError when the fleet will not finish."""
        for death in self.embedded.supervisor.tend():
            self.say(str(death))
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        try:
            self._look(run, now)
        except TransientError as error:
            # A dead cloud shows as a dead process; a busy cloud answers the next look.
            self.say(str(error))

    def _look(self, run: Run, now: float) -> None:
        settings = self.deployment.settings
        if not self.embedded.has_heavy and self._held(settings.heavy_queue_url):
            self.embedded.start_worker(Lane.HEAVY)
        silent = now - run.progressed
        if silent < SILENCE or not run.waiting:
            self._empty_looks, self._next_message = 0, 0.0
            return
        lanes = (settings.uploads_queue_url, settings.bulk_queue_url, settings.heavy_queue_url)
        held = sum(map(self._held, lanes))
        self._empty_looks = 0 if held else self._empty_looks + 1
        if self._empty_looks >= PROOF:
            logs = self.embedded.folder.logs
            raise FleetLostError(
                f"{run.waiting} images are lost: no queue holds them and no record was made; see {logs}"
            )
        if now >= self._next_message:
            self._next_message = now + SILENCE
            self.say(
                f"no image has finished for {silent:.0f} s; {run.waiting} are on their way. An attempt that was cut "
                f"short is repeated after some minutes. Logs: {self.embedded.folder.logs}"
            )

    def _held(self, url: str) -> int:
        depth = self.deployment.queues.depth(url)
        return depth.waiting + depth.in_flight + depth.delayed
