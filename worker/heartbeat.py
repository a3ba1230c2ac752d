"""The heartbeat of a child process: a sign of life, and the number of finished images.

One thread of each child writes both to the activity table at the end of each slot, and once a minute while the child is
idle. So the cost for an image is very small, and a job of an hour does not look like a dead worker.
"""

import logging
import os
import random
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from celery.signals import celeryd_init, worker_process_init, worker_process_shutdown

from pixelfleet.catalog.activity import LATE, SLOT, Activity, Heartbeat, Sample, slot_of
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.outcomes import outcome_of
from pixelfleet.domain.records import Image, timestamp
from pixelfleet.operations.invalidation import send_invalidations
from pixelfleet.settings import load_settings
from worker.invalidation import InvalidationSender
from worker.lanes import served
from worker.sqs.threads import essential_thread

log = logging.getLogger(__name__)

#: An idle child beats every so many slots.
IDLE_SLOTS: Final = 4
#: Seconds before a new child's first beat: making a client costs a tenth of a second, which short runs save.
FIRST: Final = 5.0
#: Seconds for the last write: a table that does not answer must not delay the end of a child.
GOODBYE: Final = 2.0


class HeartbeatRecorder:
    """Counts the images that one process finishes; `turn` writes the counts. Safe for several threads."""

    def __init__(self, activity: Callable[[], Activity], lanes: frozenset[Lane]) -> None:
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self._activity = activity
        self._lanes = tuple(sorted(lanes))
        self._started_at = timestamp()
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, Lane], Sample] = {}
        self._finished = 0
        self._busy = False
        self._idle_turns = IDLE_SLOTS

    @contextmanager
    def working(self) -> Iterator[None]:
        """While a job is carried out."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def count(self, image: Image, lane: Lane) -> None:
        """One image was settled: ready, failed or deleted."""
        slot = slot_of(datetime.now(UTC))
        one = Sample(
            at=slot,
            lane=lane,
            outcomes={outcome_of(image): 1},
            work_ms=sum(image.timings_ms.values()),
            bytes=image.bytes or 0,
        )
        with self._lock:
            self._finished += 1
            self._add(one)

    def turn(self) -> None:
        """Write the counts and the heartbeat. Counts that could not be written are written by the next turn."""
        with self._lock:
            samples, self._pending = list(self._pending.values()), {}
        beat = self._busy or bool(samples) or self._idle_turns >= IDLE_SLOTS
        self._idle_turns = 1 if beat else self._idle_turns + 1
        if not beat:
            return
        try:
            activity = self._activity()
            while samples:
                activity.count(samples[-1])
                samples.pop()
            activity.beat(self._heartbeat())
        except Exception as error:  # noqa: BLE001 - every error is a failed turn; the next turn makes up for it
            log.warning("no heartbeat was written", extra={"reason": f"{type(error).__name__}: {error}"})
            with self._lock:
                for sample in samples:
                    self._add(sample)

    def end(self) -> None:
        """The process ends in good order."""
        self.turn()
        try:
            self._activity().gone(self.worker)
        except Exception as error:  # noqa: BLE001 - the process ends in any case
            log.warning(
                "the heartbeat was not deleted: this worker will seem alive",
                extra={"reason": str(error)},
            )

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat(
            worker=self.worker,
            lanes=self._lanes,
            started_at=self._started_at,
            seen_at=timestamp(),
            busy=self._busy,
            finished=self._finished,
        )

    def _add(self, sample: Sample) -> None:
        pending = self._pending.get((sample.at, sample.lane))
        if pending is not None:
            sample = Sample(
                at=sample.at,
                lane=sample.lane,
                outcomes=dict(Counter(pending.outcomes) + Counter(sample.outcomes)),
                work_ms=pending.work_ms + sample.work_ms,
                bytes=pending.bytes + sample.bytes,
            )
        self._pending[sample.at, sample.lane] = sample


class Beating:
    """The thread that takes a recorder's turns, and after each the sender's, until it is stopped."""

    def __init__(
        self,
        heartbeat_recorder: HeartbeatRecorder,
        invalidation_sender: InvalidationSender,
        on_death: Callable[[str], object] | None = None,
    ) -> None:
        self.heartbeat_recorder = heartbeat_recorder
        self.invalidation_sender = invalidation_sender
        self._stop = threading.Event()
        self._thread = essential_thread("heartbeat", self._run, on_death or end_child)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. A thread that has written a heartbeat deletes the heartbeat first."""
        self._stop.set()
        self._thread.join(GOODBYE)

    def _run(self) -> None:
        if self._stop.wait(FIRST):
            return
        self._turn()
        while not self._stop.wait(_until_slot_ends()):
            self._turn()
        self.heartbeat_recorder.end()

    def _turn(self) -> None:
        self.heartbeat_recorder.turn()
        self.invalidation_sender.turn()


def end_child(reason: str) -> None:
    """End this child; its job, if it has one, is handed back, and the worker starts another child."""
    log.critical("this child ends", extra={"reason": reason})
    os.kill(os.getpid(), signal.SIGTERM)


def _until_slot_ends() -> float:
    """Seconds until the write; another delay in each process, but early enough that the slot is not complete yet."""
    passed = datetime.now(UTC).timestamp() % SLOT
    return SLOT - passed + random.uniform(0.0, LATE / 2)  # noqa: S311 - jitter, not a secret


class _Child:
    """What the signals of one child process share."""

    lanes: frozenset[Lane] = frozenset(Lane)
    beating: Beating | None = None


def heartbeat_recorder() -> HeartbeatRecorder | None:
    """The recorder of this process; None where no worker runs, as in a test that calls the task."""
    return _Child.beating.heartbeat_recorder if _Child.beating is not None else None


def send_invalidations_soon() -> None:
    """Let this process's thread send the noted removals; without a worker, as in a test, `reconcile` sends them."""
    if _Child.beating is not None:
        _Child.beating.invalidation_sender.ask()


@celeryd_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def remember_lanes(options: dict[str, Any], **_: Any) -> None:
    """In the parent, for its children: the lanes of `-Q`."""
    _Child.lanes = frozenset(served(options.get("queues")))


@worker_process_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def start_beating(**_: Any) -> None:
    """In the child, after the fork: neither threads nor clients cross a fork."""
    recorder = HeartbeatRecorder(lambda: _deployment().activity, _Child.lanes)
    # Children begin at different partitions, so that they do not all send the same.
    first = os.getpid()
    _Child.beating = Beating(recorder, InvalidationSender(lambda: send_invalidations(_deployment(), first)))


@worker_process_shutdown.connect  # type: ignore[untyped-decorator,unused-ignore]
def stop_beating(**_: Any) -> None:
    """In the child, at a shutdown in good order or after its last task."""
    if _Child.beating is not None:
        _Child.beating.stop()


@cache
def _deployment() -> Deployment:
    """For the heartbeat's thread alone: a boto3 session is not safe for threads while clients are made."""
    return Deployment(load_settings(), connections=1)
