"""CloudWatch: the metrics of queues and services that AWS keeps. ECS: how many tasks run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ecs import ECSClient

#: Answers of a service whose numbers the caller may not read, or that has none.
_NOT_THERE: Final = frozenset({"AccessDenied", "AccessDeniedException", "ClusterNotFoundException"})


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, of which the maximum of each period is read."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


class Metrics:
    """CloudWatch. Metrics of SQS are a minute late, and are no longer written after six idle hours."""

    def __init__(self, client: "CloudWatchClient") -> None:
        self._client = client

    def read(
        self, metrics: Sequence[Metric], start: datetime, end: datetime, period: int = 60
    ) -> list[tuple[tuple[datetime, float], ...]]:
        """The values of each metric, oldest first, one for each `period` of seconds that has any, at its beginning.

        A metric is empty where there are no values, or where they may not be read. CloudWatch keeps minutes for 15
        days.

        Raises:
            TransientError: CloudWatch does not answer.
        """
        queries: list[Any] = [
            {"Id": f"m{number}", "MetricStat": _metric_stat(metric, period)} for number, metric in enumerate(metrics)
        ]
        with translated("read metrics from CloudWatch"):
            try:
                answer = self._client.get_metric_data(
                    MetricDataQueries=queries, StartTime=start, EndTime=end, ScanBy="TimestampAscending"
                )
            except ClientError as error:
                if error_code(error) in _NOT_THERE:
                    return [() for _ in metrics]
                raise
        values = {
            result["Id"]: tuple(zip(result["Timestamps"], result["Values"], strict=True))
            for result in answer["MetricDataResults"]
        }
        return [values.get(f"m{number}", ()) for number in range(len(metrics))]


class Services:
    """The ECS services of one cluster."""

    def __init__(self, client: "ECSClient", cluster: str) -> None:
        self._client = client
        self._cluster = cluster

    def task_counts(self, services: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Running and desired tasks by service, of those that are active and may be read.

        Raises:
            TransientError: ECS does not answer.
        """
        with translated("read the services from ECS"):
            try:
                answer = self._client.describe_services(cluster=self._cluster, services=list(services))
            except ClientError as error:
                if error_code(error) in _NOT_THERE:
                    return {}
                raise
        return {
            service["serviceName"]: (service["runningCount"], service["desiredCount"])
            for service in answer["services"]
            if service["status"] == "ACTIVE"
        }


def _metric_stat(metric: Metric, period: int) -> Any:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {
        "Metric": {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions},
        "Period": period,
        "Stat": "Maximum",
    }
