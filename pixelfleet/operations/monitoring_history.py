"""The last hour of the lanes: from CloudWatch, or from the memory of a process that looks every few seconds."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pixelfleet.aws.metrics import Metric, Metrics
from pixelfleet.aws.queues import queue_name
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import TransientError
from pixelfleet.operations import monitoring
from pixelfleet.operations.monitoring import queue_metric

HOUR: Final = timedelta(hours=1)
#: Seconds between two looks of this process.
LOOK_EVERY: Final = 15.0
#: The names in CloudWatch (SQS developer guide, "Available CloudWatch metrics"; ECS developer guide, "Container
#: Insights metrics").
_QUEUE_METRICS: Final = {
    "waiting": "ApproximateNumberOfMessagesVisible",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "oldest": "ApproximateAgeOfOldestMessage",
}


@dataclass(frozen=True, slots=True)
class Series:
    """One lane (or `uploads`) over the last hour, oldest first; empty where it is unknown.

    `waiting` and `in_flight` are messages, `oldest` seconds, `workers` tasks or processes.
    """

    waiting: tuple[float, ...] = ()
    in_flight: tuple[float, ...] = ()
    oldest: tuple[float, ...] = ()
    workers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    at: datetime
    lanes: Mapping[str, tuple[float, float]]
    workers: Mapping[str, float]


class History:
    """Where there is no CloudWatch, `start` has to be called; the time before it is unknown."""

    def __init__(self, deployment: Deployment, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._deployment = deployment
        self._clock = clock
        self._looks: deque[_Look] = deque(maxlen=int(HOUR.total_seconds() / LOOK_EVERY))
        self._stop = threading.Event()

    def start(self) -> None:
        """Look every `LOOK_EVERY` seconds, in a thread that ends with the process or at `stop`."""
        if self._deployment.metrics is None:
            threading.Thread(target=self._look_on, name="history", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def lanes(self) -> dict[str, Series]:
        """By lane. Raises TransientError when CloudWatch does not answer."""
        metrics = self._deployment.metrics
        return self._remembered() if metrics is None else self._asked(metrics)

    def look(self) -> None:
        """Remember the present state. Raises TransientError when SQS or DynamoDB does not answer."""
        states, workers = monitoring.lanes(self._deployment), monitoring.workers(self._deployment)
        self._looks.append(
            _Look(
                self._clock(),
                {state.name: (state.waiting, state.in_flight) for state in states},
                {one.lane.value: one.running for one in workers},
            )
        )

    def _look_on(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            try:
                self.look()
            except TransientError:
                # The chart has a gap. The page itself reports storage that does not answer.
                continue

    def _remembered(self) -> dict[str, Series]:
        looks = [look for look in self._looks if look.at > self._clock() - HOUR]
        return {
            name: Series(
                waiting=tuple(look.lanes[name][0] for look in looks),
                in_flight=tuple(look.lanes[name][1] for look in looks),
                workers=tuple(look.workers[name] for look in looks if name in look.workers),
            )
            for name in ("uploads", *(lane.value for lane in Lane))
        }

    def _asked(self, metrics: Metrics) -> dict[str, Series]:
        settings = self._deployment.settings
        queues = {"uploads": settings.uploads_queue_url} | {lane.value: settings.queue_url(lane) for lane in Lane}
        asked: dict[tuple[str, str], Metric] = {
            (name, field): queue_metric(queue_name(url), metric)
            for name, url in queues.items()
            for field, metric in _QUEUE_METRICS.items()
        }
        for lane in Lane:
            service = (("ClusterName", settings.ecs_cluster), ("ServiceName", f"{settings.prefix}-{lane.value}"))
            asked[lane.value, "workers"] = Metric("ECS/ContainerInsights", "RunningTaskCount", service)
        now = self._clock()
        series = metrics.read(list(asked.values()), now - HOUR, now)
        by_lane: dict[str, dict[str, tuple[float, ...]]] = {name: {} for name in queues}
        for (name, field), values in zip(asked, series, strict=True):
            by_lane[name][field] = values
        return {name: Series(**fields) for name, fields in by_lane.items()}
