"""A heavy worker whose ECS deployment has been replaced takes no more work, so that a deployment of the service ends.

With task protection, ECS does not stop a busy task. As long as the queue holds work, such a task would stay busy, and a
deployment would wait for days. So the worker asks ECS whether its deployment is still the service's primary deployment.
If not, the worker receives no more messages, finishes its jobs, ends its protection and exits. ECS starts no other task
for it, since only tasks of the primary deployment count.

Source: Amazon ECS API reference, Task (`startedBy` and `group` of a service's task) and Deployment (`id`, `status`).
"""

import json
import threading
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from celery import bootsteps

from worker.sqs.shutdown import shutdown
from worker.sqs.threads import end_worker, essential_thread

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

#: Seconds between two looks. DescribeServices is throttled by the account, at 20 calls a second.
INTERVAL: Final = 60.0
_SERVICE: Final = "service:"


class OwnDeployment:
    """The deployment that started this task, as ECS reports it. `read_metadata` returns the metadata (endpoint v4)."""

    def __init__(self, ecs: "ECSClient", read_metadata: Callable[[], dict[str, Any]]) -> None:
        self._ecs = ecs
        self._read_metadata = read_metadata
        self._cluster = ""
        self._service = ""
        self._identity = ""

    def is_primary(self) -> bool:
        """Whether this task's deployment is still the service's primary one; true for a task without a service.

        Raises:
            Exception: ECS or the metadata endpoint does not answer.
        """
        if not self._identity:
            self._read_identity()
        if not self._service:
            return True
        services = self._ecs.describe_services(cluster=self._cluster, services=[self._service])["services"]
        deployments = services[0]["deployments"] if services else []
        primary = [deployment["id"] for deployment in deployments if deployment["status"] == "PRIMARY"]
        return not primary or self._identity in primary

    def _read_identity(self) -> None:
        metadata = self._read_metadata()
        cluster, arn = str(metadata["Cluster"]), str(metadata["TaskARN"])
        [task] = self._ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
        group = task.get("group", "")
        self._service = group.removeprefix(_SERVICE) if group.startswith(_SERVICE) else ""
        self._cluster = cluster
        self._identity = task.get("startedBy", "") or "no deployment"


class RetirementWatch:
    """The thread that asks ECS every `INTERVAL` seconds and calls `retire` once. It never logs."""

    def __init__(
        self,
        is_primary: Callable[[], bool],
        retire: Callable[[], None],
        interval: float = INTERVAL,
        on_death: Callable[[str], object] = end_worker,
    ) -> None:
        self._is_primary = is_primary
        self._retire = retire
        self._interval = interval
        self._stop = threading.Event()
        self._thread = essential_thread("retirement", self._run, on_death)
        self._thread.start()

    def close(self, seconds: float = 1.0) -> None:
        self._stop.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            if self._replaced():
                self._retire()
                return

    def _replaced(self) -> bool:
        try:
            return not self._is_primary()
        except Exception:  # noqa: BLE001 - the question is asked again later; the worker goes on
            return False


def retire() -> None:
    """Receive no more messages, finish the running jobs without a time limit, then end."""
    shutdown.retire("another deployment of the service has replaced this task's")


class WatchDeployment(bootsteps.StartStopStep):
    """The consumer step of the heavy lane. Configured by `watch_deployment(app, …)`."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    metadata_uri = ""

    @staticmethod
    def ecs() -> "ECSClient | None":
        return None

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._watch: RetirementWatch | None = None

    def include_if(self, parent: Any) -> bool:  # noqa: ARG002 - Celery's signature
        return bool(self.metadata_uri)

    def start(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's signature
        ecs = self.ecs()
        if ecs is not None:
            own = OwnDeployment(ecs, lambda: read_task_metadata(self.metadata_uri))
            self._watch = RetirementWatch(own.is_primary, retire)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002 - Celery's signature
        if self._watch is not None:
            self._watch.close()


def read_task_metadata(uri: str) -> dict[str, Any]:
    """The agent's description of this task (Amazon ECS developer guide, "Task metadata endpoint version 4")."""
    with urllib.request.urlopen(f"{uri.rstrip('/')}/task", timeout=5) as answer:  # noqa: S310 - from ECS
        metadata: dict[str, Any] = json.load(answer)
    return metadata


def watch_deployment(app: Any, metadata_uri: str, ecs: Callable[[], "ECSClient | None"]) -> None:
    """End this worker once its deployment is replaced; off ECS, where there is no metadata, do nothing."""
    attributes = {"metadata_uri": metadata_uri, "ecs": staticmethod(ecs)}
    app.steps["consumer"].add(type("WatchDeployment", (WatchDeployment,), attributes))
