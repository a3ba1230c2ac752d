"""How the lanes were over the last hour: from CloudWatch, or as a process that looked now and then remembers it."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.queues import queue_name
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import TransientError
from pixelfleet.operations import monitoring as present

HOUR: Final = timedelta(hours=1)
#: Seconds between two looks of one's own.
LOOK_EVERY: Final = 15.0
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})
#: What CloudWatch calls it (SQS developer guide, "Available CloudWatch metrics"; ECS developer guide, "Container
#: Insights metrics").
_QUEUE_METRICS: Final = {
    "waiting": "ApproximateNumberOfMessagesVisible",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "oldest": "ApproximateAgeOfOldestMessage",
}


@dataclass(frozen=True, slots=True)
class Series:
    """One lane (or `uploads`) over the last hour, oldest first; empty where nobody knows.

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
    """Where there is no CloudWatch, `start` has to be called; what was before it is not known."""

    def __init__(self, deployment: Deployment, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._deployment = deployment
        self._clock = clock
        self._looks: deque[_Look] = deque(maxlen=int(HOUR.total_seconds() / LOOK_EVERY))
        self._stop = threading.Event()

    def start(self) -> None:
        """Look now and then, in a thread that ends with the process or at `stop`."""
        if self._deployment.cloudwatch is None:
            threading.Thread(target=self._look_on, name="history", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def lanes(self) -> dict[str, Series]:
        """By lane. Raises TransientError when CloudWatch does not answer."""
        return self._remembered() if self._deployment.cloudwatch is None else self._asked()

    def look(self) -> None:
        """Remember how it is now. Raises TransientError when SQS or DynamoDB does not answer."""
        states, workers = present.lanes(self._deployment), present.workers(self._deployment)
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
                # A gap in a chart: the page itself tells of storage that does not answer.
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

    def _asked(self) -> dict[str, Series]:
        settings = self._deployment.settings
        queues = {"uploads": settings.uploads_queue_url} | {lane.value: settings.queue_url(lane) for lane in Lane}
        wanted: dict[tuple[str, str], Any] = {
            (name, field): _metric("AWS/SQS", metric, {"QueueName": queue_name(url)})
            for name, url in queues.items()
            for field, metric in _QUEUE_METRICS.items()
        }
        for lane in Lane:
            service = {"ClusterName": settings.ecs_cluster, "ServiceName": f"{settings.prefix}-{lane.value}"}
            wanted[lane.value, "workers"] = _metric("ECS/ContainerInsights", "RunningTaskCount", service)
        found = self._values(list(wanted.values()))
        by_lane: dict[str, dict[str, tuple[float, ...]]] = {name: {} for name in queues}
        for (name, field), values in zip(wanted, found, strict=True):
            by_lane[name][field] = values
        return {name: Series(**fields) for name, fields in by_lane.items()}

    def _values(self, metrics: list[Any]) -> list[tuple[float, ...]]:
        now = self._clock()
        queries: Any = [{"Id": f"m{number}", "MetricStat": metric} for number, metric in enumerate(metrics)]
        client: Any = self._deployment.cloudwatch
        with translated("ask CloudWatch for the last hour"):
            try:
                answer = client.get_metric_data(
                    MetricDataQueries=queries, StartTime=now - HOUR, EndTime=now, ScanBy="TimestampAscending"
                )
            except ClientError as error:
                if error_code(error) in _DENIED:
                    return [() for _ in metrics]
                raise
        values = {result["Id"]: tuple(result["Values"]) for result in answer["MetricDataResults"]}
        return [values.get(f"m{number}", ()) for number in range(len(metrics))]


def _metric(namespace: str, name: str, dimensions: Mapping[str, str]) -> Any:
    told = [{"Name": dimension, "Value": value} for dimension, value in dimensions.items()]
    return {
        "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": told},
        "Period": 60,
        "Stat": "Maximum",
    }
