"""What runs and how it goes: lanes, workers, throughput, and when it will be done.

Asked of SQS, of ECS and CloudWatch where there are any, and of the activity table. What nobody knows is None, never
a guess. Reads only.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.queues import queue_name
from pixelfleet.catalog.activity import LATE, SLOT, Sample, slot_of
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import timestamp

#: Seconds after a worker's last heartbeat up to which it counts as running; an idle one beats once a minute.
ALIVE: Final = 150
#: Over how many minutes throughput is measured, for the ETA too.
WINDOW: Final = 5
#: How many minutes the series for charts goes back.
SERIES: Final = 60

#: What those answer who may not look, or have nothing to show.
_NOT_THERE: Final = frozenset({"AccessDenied", "AccessDeniedException", "ClusterNotFoundException"})


@dataclass(frozen=True, slots=True)
class LaneState:
    """One queue and its dead letters. `name` is `uploads`, `bulk` or `heavy`; numbers as SQS estimates them.

    `oldest` is the age in seconds of the oldest message that is not yet acknowledged, 0 where there is none, and None
    where nobody knows: SQS tells it through CloudWatch alone, with a minute's delay.
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
    """What works on one lane: ECS tasks, or processes that were heard of. `busy` and `desired` are None if unknown."""

    lane: Lane
    running: int
    desired: int | None
    busy: int | None
    source: Literal["ecs", "heartbeats"]


@dataclass(frozen=True, slots=True)
class Point:
    """One slot of a series: its beginning and the images finished per second in it."""

    at: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Throughput:
    """`per_second` and `ms_per_image` over the last `WINDOW` minutes; the rest over `SERIES` minutes.

    `ms_per_image` is the work of one worker process on one image, None while none was finished. `series` has a point
    for every slot of `SLOT` seconds, oldest first, the one that is still being counted left out.
    """

    per_second: float
    ms_per_image: float | None
    finished: int
    ready: int
    failed_by_cause: dict[str, int]
    series: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at a glance. `eta` is seconds until the lanes are empty at this rate; None while nothing moves."""

    at: str
    lanes: tuple[LaneState, ...]
    workers: tuple[Workers, ...]
    throughput: Throughput
    eta: float | None


def overview(deployment: Deployment) -> Overview:
    """All of the below. Raises TransientError when SQS or DynamoDB does not answer."""
    now = datetime.now(UTC)
    states, moving = lanes(deployment), throughput(deployment, now)
    return Overview(timestamp(now), states, workers(deployment, now), moving, eta(states, moving))


def lanes(deployment: Deployment) -> tuple[LaneState, ...]:
    """The uploads queue, where events wait for the producer, then the lanes."""
    settings = deployment.settings
    urls = {"uploads": (settings.uploads_queue_url, settings.uploads_dlq_url)}
    urls |= {lane.value: (settings.queue_url(lane), settings.dlq_url(lane)) for lane in Lane}
    ages = _ages(deployment, [queue_name(url) for url, _ in urls.values()])
    return tuple(_lane(deployment, name, urls[name], ages) for name in urls)


def workers(deployment: Deployment, now: datetime | None = None) -> tuple[Workers, ...]:
    """Who works on each lane. Heartbeats tell who is busy; of how many should run, ECS alone knows."""
    heard = deployment.activity.heartbeats((now or datetime.now(UTC)) - timedelta(seconds=ALIVE))
    tasks = _tasks(deployment)
    found = []
    for lane in Lane:
        mine = [heartbeat for heartbeat in heard if lane in heartbeat.lanes]
        busy = sum(heartbeat.busy for heartbeat in mine)
        if lane in tasks:
            running, desired = tasks[lane]
            found.append(Workers(lane, running, desired, busy, "ecs"))
        else:
            found.append(Workers(lane, len(mine), None, busy, "heartbeats"))
    return tuple(found)


def throughput(deployment: Deployment, now: datetime | None = None, lane: Lane | None = None) -> Throughput:
    """How many images were finished lately, on all lanes or on one."""
    now = now or datetime.now(UTC)
    since = datetime.fromisoformat(slot_of(now)) - timedelta(minutes=SERIES)
    return summed(deployment.activity.samples(since, [lane] if lane else list(Lane)), now)


def summed(samples: Sequence[Sample], now: datetime) -> Throughput:
    """Samples as rates. The slot that is still being counted at `now` is left out of them."""
    current = datetime.fromisoformat(slot_of(now - timedelta(seconds=LATE)))
    by_slot: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for sample in samples:
        by_slot[sample.at] += sample.finished
        outcomes.update(sample.outcomes)
    slots = [slot_of(current - timedelta(seconds=SLOT * back)) for back in range(SERIES * 60 // SLOT, 0, -1)]
    lately = frozenset(slots[-WINDOW * 60 // SLOT :])
    recent = [sample for sample in samples if sample.at in lately]
    finished = sum(sample.finished for sample in recent)
    return Throughput(
        per_second=finished / _seconds(recent, current),
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


def eta(states: Sequence[LaneState], moving: Throughput) -> float | None:
    """Seconds until all that waits is done at the present rate; 0 when nothing waits."""
    held = sum(state.held for state in states)
    if not held:
        return 0.0
    return held / moving.per_second if moving.per_second else None


def _seconds(recent: Sequence[Sample], current: datetime) -> float:
    """The time that a rate is over: the window, or, of work that has just begun, what of it has passed."""
    if not recent:
        return WINDOW * 60.0
    first = min(datetime.fromisoformat(sample.at) for sample in recent)
    return (current - first).total_seconds()


def _lane(deployment: Deployment, name: str, urls: tuple[str, str], ages: dict[str, float]) -> LaneState:
    url, dlq = urls
    depth, letters = deployment.queues.depth(url), deployment.queues.depth(dlq)
    waiting = depth.waiting + depth.delayed
    oldest = ages.get(queue_name(url)) if waiting + depth.in_flight else 0.0
    return LaneState(name, waiting, depth.in_flight, oldest, letters.waiting + letters.in_flight)


def _ages(deployment: Deployment, queues: Sequence[str]) -> dict[str, float]:
    """Seconds by queue, of those that CloudWatch knows; its metrics sleep after six idle hours."""
    if deployment.cloudwatch is None:
        return {}
    now = datetime.now(UTC)
    wanted: list[Any] = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/SQS",
                    "MetricName": "ApproximateAgeOfOldestMessage",
                    "Dimensions": [{"Name": "QueueName", "Value": queue}],
                },
                "Period": 60,
                "Stat": "Maximum",
            },
        }
        for number, queue in enumerate(queues)
    ]
    with translated("ask CloudWatch for the age of messages"):
        try:
            answer = deployment.cloudwatch.get_metric_data(
                MetricDataQueries=wanted,
                StartTime=now - timedelta(minutes=WINDOW),
                EndTime=now,
                ScanBy="TimestampDescending",
            )
        except ClientError as error:
            if error_code(error) in _NOT_THERE:
                return {}
            raise
    results = {result["Id"]: result["Values"] for result in answer["MetricDataResults"] if result["Values"]}
    return {queue: results[f"q{number}"][0] for number, queue in enumerate(queues) if f"q{number}" in results}


def _tasks(deployment: Deployment) -> dict[Lane, tuple[int, int]]:
    """Running and desired tasks of each lane's ECS service, where there is one."""
    if deployment.ecs is None:
        return {}
    services = {f"{deployment.settings.prefix}-{lane.value}": lane for lane in Lane}
    with translated("ask ECS for the workers"):
        try:
            answer = deployment.ecs.describe_services(cluster=deployment.settings.ecs_cluster, services=list(services))
        except ClientError as error:
            if error_code(error) in _NOT_THERE:
                return {}
            raise
    return {
        services[found["serviceName"]]: (found["runningCount"], found["desiredCount"])
        for found in answer["services"]
        if found["status"] == "ACTIVE"
    }
