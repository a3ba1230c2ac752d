"""Which lane a job takes, and which messages' jobs did not get there."""

from collections import defaultdict
from collections.abc import Iterable

from pixelfleet import telemetry
from pixelfleet.aws.queues import SEND_BATCH, Queues
from pixelfleet.domain.jobs import Job, Lane, lane_for
from pixelfleet.errors import TransientError
from pixelfleet.settings import Settings

log = telemetry.logger("producer")


class Outbox:
    """Jobs of one batch by lane, each remembering the messages that it came from."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._senders: dict[Lane, dict[Job, set[str]]] = defaultdict(lambda: defaultdict(set))

    @property
    def size(self) -> int:
        return sum(len(jobs) for jobs in self._senders.values())

    def add(self, message_id: str, jobs: Iterable[Job]) -> None:
        """Take a message's jobs; the same event twice in one batch is one job."""
        for job in jobs:
            # A job on our own results, or on a readable copy, would make results of results, without end.
            if job.bucket not in self._settings.output_buckets:
                lane = lane_for(job, self._settings.bulk_max_bytes)
                self._senders[lane][job].add(message_id)

    def send(self, queues: Queues) -> set[str]:
        """Send everything, ten a call; returns the ids of messages some job of which was not taken."""
        unsent: set[str] = set()
        for lane, senders in self._senders.items():
            for job in self._refused(queues, lane, list(senders)):
                unsent |= senders[job]
        return unsent

    @staticmethod
    def _refused(queues: Queues, lane: Lane, jobs: list[Job]) -> list[Job]:
        refused: list[Job] = []
        for start in range(0, len(jobs), SEND_BATCH):
            ten = jobs[start : start + SEND_BATCH]
            try:
                refused += queues.send(lane, ten)
            except TransientError as error:
                log.warning("ten jobs were not sent", extra={"lane": lane.value, "reason": str(error)})
                refused += ten
        return refused
