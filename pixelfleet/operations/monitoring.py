"""The state of a deployment: lanes, workers, throughput, and the time until the lanes are empty.

Read from SQS, from ECS and CloudWatch where there are any, and from the activity table. An unknown number is None,
never a guess. This module writes nothing.
"""

import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from pixelfleet.aws.metrics import Metric
from pixelfleet.aws.queues import queue_name
from pixelfleet.catalog.activity import LATE, SLOT, Heartbeat, Sample, slot_of
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Batch, Counts, timestamp
from pixelfleet.operations.local_processes import is_running
from pixelfleet.operations.time_left import NOTHING_LEFT, Interval, TimeLeft, of_this_backlog, time_left

#: Seconds after its last heartbeat for which a worker counts as running; an idle worker beats once a minute.
ALIVE: Final = 150
#: Minutes of CloudWatch's past that are read for the age of the oldest message.
LATELY: Final = 5
#: Minutes of the series for charts.
SERIES: Final = 60


@dataclass(frozen=True, slots=True)
class LaneState:
    """One queue and its dead letters. `name` is `uploads`, `bulk` or `heavy`; numbers as SQS estimates them.

    `oldest` is the age in seconds of the oldest message that is not yet acknowledged, 0 where there is none, and None
    where it is unknown: SQS reports it through CloudWatch alone, a minute late.
    """

    name: str
    waiting: int
    in_flight: int
    oldest: float | None
    dead_letters: int

    @property
    def held(self) -> int:
        return self.waiting + self.in_flight


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers of one lane: ECS tasks, or processes that sent a heartbeat. `busy` and `desired` may be unknown."""

    lane: Lane
    running: int
    desired: int | None
    busy: int | None
    source: Literal["ecs", "heartbeats"]


@dataclass(frozen=True, slots=True)
class Point:
    """One slot of a series: its beginning, and the images finished per second in the slot."""

    at: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Throughput:
    """`per_second` is of the present backlog (see `time_left`), `ms_per_image` of `LATELY`, the rest of `SERIES`.

    `ms_per_image` is the work of one worker process on one image, None while none was finished. `series` has a point
    for every slot of `SLOT` seconds, oldest first, without the slot that is still being counted.
    """

    per_second: float
    ms_per_image: float | None
    finished: int
    ready: int
    failed_by_cause: dict[str, int]
    series: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of a deployment. `time_left` is until the lanes are empty; `eta` is its likely number of seconds."""

    at: str
    lanes: tuple[LaneState, ...]
    workers: tuple[Workers, ...]
    throughput: Throughput
    eta: float | None
    time_left: TimeLeft = NOTHING_LEFT


def overview(deployment: Deployment) -> Overview:
    """Lanes, workers, throughput and time left. Raises TransientError when SQS or DynamoDB does not answer."""
    now = datetime.now(UTC)
    states, samples = lanes(deployment), _samples(deployment, now)
    left = fleet_time_left(states, samples, now)
    return Overview(timestamp(now), states, workers(deployment, now), summed(samples, now), left.seconds, left)


def lanes(deployment: Deployment) -> tuple[LaneState, ...]:
    """The uploads queue, in which events wait for the producer, then the lanes."""
    settings = deployment.settings
    urls = {"uploads": (settings.uploads_queue_url, settings.uploads_dlq_url)}
    urls |= {lane.value: (settings.queue_url(lane), settings.dlq_url(lane)) for lane in Lane}
    ages = _ages(deployment, [queue_name(url) for url, _ in urls.values()])
    return tuple(_lane(deployment, name, urls[name], ages) for name in urls)


def workers(
    deployment: Deployment, now: datetime | None = None, process_runs: Callable[[int], bool] = is_running
) -> tuple[Workers, ...]:
    """The workers of each lane. Heartbeats say how many are busy; only ECS has how many should run.

    A process of this machine that was killed is not counted, although its last heartbeat is young: `process_runs`
    says whether a process of a number is there.
    """
    since = (now or datetime.now(UTC)) - timedelta(seconds=ALIVE)
    heartbeats = deployment.activity.heartbeats(since)
    if deployment.services is None:
        heartbeats = [heartbeat for heartbeat in heartbeats if not _is_dead(heartbeat, process_runs)]
    tasks = _tasks(deployment)
    by_lane = []
    for lane in Lane:
        of_lane = [heartbeat for heartbeat in heartbeats if lane in heartbeat.lanes]
        busy = sum(heartbeat.busy for heartbeat in of_lane)
        if lane in tasks:
            running, desired = tasks[lane]
            by_lane.append(Workers(lane, running, desired, busy, "ecs"))
        else:
            by_lane.append(Workers(lane, len(of_lane), None, busy, "heartbeats"))
    return tuple(by_lane)


def _is_dead(heartbeat: Heartbeat, process_runs: Callable[[int], bool]) -> bool:
    """Whether a worker was a process of this machine, `host:pid`, and is gone."""
    host, _, pid = heartbeat.worker.rpartition(":")
    return host == socket.gethostname() and pid.isdigit() and not process_runs(int(pid))


def _samples(deployment: Deployment, now: datetime) -> list[Sample]:
    """The samples of the last hour."""
    return deployment.activity.samples(datetime.fromisoformat(slot_of(now)) - timedelta(minutes=SERIES))


def fleet_time_left(states: Sequence[LaneState], samples: Sequence[Sample], now: datetime) -> TimeLeft:
    """The time until all lanes are empty: the slower lane's. Events of the uploads queue become bulk jobs."""
    held = {state.name: state.held for state in states}
    waiting = {Lane.BULK: held.get("uploads", 0) + held.get(Lane.BULK, 0), Lane.HEAVY: held.get(Lane.HEAVY, 0)}
    lefts = {
        lane: time_left(backlog([sample for sample in samples if sample.lane is lane], now), waiting[lane])
        for lane in Lane
    }
    rates = [left.per_second for left in lefts.values() if left.per_second is not None]
    busy = [lefts[lane] for lane in Lane if waiting[lane]] or [NOTHING_LEFT]
    return TimeLeft(
        sum(rates) if rates else None,
        *(_latest([getattr(left, end) for left in busy]) for end in ("seconds", "shortest", "longest")),
    )


def batch_time_left(deployment: Deployment, batch: Batch, counts: Counts, now: datetime | None = None) -> TimeLeft:
    """The time until a sealed batch has all its images, at the fleet's rate since the batch was begun.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if batch.expected is None:
        return TimeLeft()
    return time_left_since(deployment, batch.created_at, batch.expected - counts.accounted, now)


def time_left_since(deployment: Deployment, begun_at: str, left: int, now: datetime | None = None) -> TimeLeft:
    """The time until `left` images are finished, at the fleet's rate since a timestamp.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    if left <= 0:
        return NOTHING_LEFT
    now = now or datetime.now(UTC)
    begun = slot_of(datetime.fromisoformat(begun_at))
    samples = [sample for sample in _samples(deployment, now) if sample.at >= begun]
    return time_left(backlog(samples, now), left)


def backlog(samples: Sequence[Sample], now: datetime) -> list[Interval]:
    """The complete slots of the present backlog."""
    current = datetime.fromisoformat(slot_of(now - timedelta(seconds=LATE))).timestamp()
    by_slot: dict[float, list[Sample]] = {}
    for sample in samples:
        by_slot.setdefault(datetime.fromisoformat(sample.at).timestamp(), []).append(sample)
    complete = [at for at in by_slot if at < current]
    if not complete:
        return []
    slots = range(int(min(complete)), int(current), SLOT)
    return of_this_backlog([_interval(at, by_slot.get(float(at), [])) for at in slots], current)


def _interval(at: int, samples: Sequence[Sample]) -> Interval:
    finished = sum(sample.finished for sample in samples)
    work = sum(sample.work_ms for sample in samples) / finished / 1000 if finished else 0.0
    return Interval(at, at + SLOT, finished, work)


def _latest(seconds: Sequence[float | None]) -> float | None:
    """The largest number; None if any is unknown."""
    given = [number for number in seconds if number is not None]
    return max(given) if len(given) == len(seconds) else None


def summed(samples: Sequence[Sample], now: datetime) -> Throughput:
    """Samples as rates, without the slot that is still being counted at `now`."""
    current = datetime.fromisoformat(slot_of(now - timedelta(seconds=LATE)))
    by_slot: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for sample in samples:
        by_slot[sample.at] += sample.finished
        outcomes.update(sample.outcomes)
    slots = [slot_of(current - timedelta(seconds=SLOT * back)) for back in range(SERIES * 60 // SLOT, 0, -1)]
    rates = [
        time_left(backlog([sample for sample in samples if sample.lane is lane], now), 0).per_second for lane in Lane
    ]
    begun = slots[-LATELY * 60 // SLOT]
    recent = [sample for sample in samples if sample.at >= begun]
    finished = sum(sample.finished for sample in recent)
    return Throughput(
        per_second=sum(rate for rate in rates if rate is not None),
        ms_per_image=sum(sample.work_ms for sample in recent) / finished if finished else None,
        finished=outcomes.total(),
        ready=outcomes["ready"],
        failed_by_cause={
            name.removeprefix("failed:"): number
            for name, number in outcomes.most_common()
            if name.startswith("failed:")
        },
        series=tuple(Point(slot, by_slot[slot] / SLOT) for slot in slots),
    )


def _lane(deployment: Deployment, name: str, urls: tuple[str, str], ages: dict[str, float]) -> LaneState:
    url, dlq = urls
    depth, dead = deployment.queues.depth(url), deployment.queues.depth(dlq)
    waiting = depth.waiting + depth.delayed
    oldest = ages.get(queue_name(url)) if waiting + depth.in_flight else 0.0
    return LaneState(name, waiting, depth.in_flight, oldest, dead.waiting + dead.in_flight)


def _ages(deployment: Deployment, queues: Sequence[str]) -> dict[str, float]:
    """Seconds by queue, of the queues whose age CloudWatch has."""
    if deployment.metrics is None:
        return {}
    now = datetime.now(UTC)
    metrics = [queue_metric(queue, "ApproximateAgeOfOldestMessage") for queue in queues]
    values = deployment.metrics.read(metrics, now - timedelta(minutes=LATELY), now)
    return {queue: ages[-1][1] for queue, ages in zip(queues, values, strict=True) if ages}


def _tasks(deployment: Deployment) -> dict[Lane, tuple[int, int]]:
    """Running and desired tasks of each lane's ECS service, where there is one."""
    if deployment.services is None:
        return {}
    services = {f"{deployment.settings.prefix}-{lane.value}": lane for lane in Lane}
    return {services[name]: counts for name, counts in deployment.services.task_counts(services).items()}


def queue_metric(queue: str, name: str) -> Metric:
    """A metric of one queue (SQS developer guide, "Available CloudWatch metrics")."""
    return Metric("AWS/SQS", name, (("QueueName", queue),))
