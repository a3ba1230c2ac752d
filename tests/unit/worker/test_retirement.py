"""A heavy task of a replaced deployment takes no more work; every other task goes on."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tests.clock import Clock
from tests.waiting import PATIENCE
from worker.retirement import OwnDeployment, RetirementWatch
from worker.sqs import shutdown as module
from worker.sqs.shutdown import EX_OK, EX_UNAVAILABLE, Drain, Shutdown

METADATA = {"Cluster": "pixelfleet", "TaskARN": "arn:aws:ecs:eu-west-1:1:task/pixelfleet/abc"}


class Ecs:
    """One service; `deployments` are pairs of id and status."""

    def __init__(self, *deployments: tuple[str, str], group: str = "service:pixelfleet-heavy") -> None:
        self.deployments = list(deployments)
        self.group = group
        self.asked: list[dict[str, Any]] = []

    def describe_tasks(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {"tasks": [{"group": self.group, "startedBy": "ecs-svc/1"}]}

    def describe_services(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {"services": [{"deployments": [{"id": one, "status": status} for one, status in self.deployments]}]}


def own(ecs: Ecs) -> OwnDeployment:
    return OwnDeployment(ecs, lambda: METADATA)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        ([("ecs-svc/1", "PRIMARY")], True),
        ([("ecs-svc/2", "PRIMARY"), ("ecs-svc/1", "ACTIVE")], False),
        ([("ecs-svc/1", "PRIMARY"), ("ecs-svc/2", "ACTIVE")], True),
        ([("ecs-svc/2", "PRIMARY")], False),
        ([], True),
    ],
    ids=["alone", "replaced", "rolled back to", "long replaced", "no deployments"],
)
def test_a_task_is_primary_if_the_deployment_that_started_it_is_primary(
    deployments: list[tuple[str, str]], expected: bool
) -> None:
    ecs = Ecs(*deployments)
    assert own(ecs).is_primary() is expected
    assert ecs.asked == [
        {"cluster": "pixelfleet", "tasks": [METADATA["TaskARN"]]},
        {"cluster": "pixelfleet", "services": ["pixelfleet-heavy"]},
    ]


def test_the_task_itself_is_described_once() -> None:
    ecs = Ecs(("ecs-svc/1", "PRIMARY"))
    deployment = own(ecs)
    for _ in range(3):
        deployment.is_primary()
    assert ["tasks" in request for request in ecs.asked] == [True, False, False, False]


def test_a_task_of_no_service_goes_on() -> None:
    assert own(Ecs(("ecs-svc/2", "PRIMARY"), group="family:heavy")).is_primary()


def test_the_watch_goes_on_while_ecs_does_not_answer_and_retires_once() -> None:
    answers: list[Any] = [RuntimeError("expired credentials"), True, KeyError("services"), False]
    retired = threading.Semaphore(0)

    def is_primary() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    watch = RetirementWatch(is_primary, retired.release, interval=0.001)
    assert retired.acquire(timeout=PATIENCE)
    watch.close(PATIENCE)
    assert answers == []


class Consumer:
    """The attributes of Celery's consumer that `Drain` uses."""

    class app:  # noqa: N801 - Celery's name
        class conf:  # noqa: N801
            worker_soft_shutdown_timeout = 30

    class task_consumer:  # noqa: N801
        @staticmethod
        def cancel() -> None: ...

    class controller:  # noqa: N801
        exitcode = None

        class semaphore:  # noqa: N801
            _waiting: tuple[Any, ...] = ()

            @staticmethod
            def clear() -> None: ...

    cancelled = 0

    def cancel_active_requests(self) -> None:
        self.cancelled += 1


@pytest.fixture
def drain(monkeypatch: pytest.MonkeyPatch) -> tuple[Shutdown, Drain, Consumer, Any]:
    """A worker with one task that runs, and its clock."""
    clock, request, consumer = Clock(), object(), Consumer()
    monkeypatch.setattr(module, "shutdown", Shutdown())
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))

    class State:
        reserved_requests = {request}  # noqa: RUF012
        active_requests: set[Any] = set()  # noqa: RUF012

    monkeypatch.setattr(module, "state", State)
    monkeypatch.setattr(module, "_flags", State)
    return module.shutdown, Drain(consumer), consumer, clock


def test_a_worker_that_retires_waits_for_its_tasks_however_long_they_take(drain: Any) -> None:
    shutdown, step, consumer, clock = drain
    shutdown.retire("replaced")
    for _ in range(5):
        step._tick(consumer)
        clock.now += 3600
    assert consumer.cancelled == 0


def test_sigterm_gives_a_retiring_worker_the_ordinary_time(drain: Any) -> None:
    shutdown, step, consumer, clock = drain
    shutdown.retire("replaced")
    step._tick(consumer)
    clock.now += 3600
    shutdown.ask(EX_OK, "SIGTERM")
    step._tick(consumer)
    assert (consumer.cancelled, shutdown.hurry) == (0, False)
    clock.now += 31
    step._tick(consumer)
    assert consumer.cancelled == 1


def test_a_worker_that_ends_already_does_not_retire() -> None:
    shutdown = Shutdown()
    shutdown.ask(EX_UNAVAILABLE, "no receive has succeeded for too long")
    shutdown.retire("replaced")
    assert (shutdown.exit_code, shutdown.patient, shutdown.hurry) == (EX_UNAVAILABLE, False, False)


def test_a_retiring_worker_that_cannot_go_on_ends_with_its_code() -> None:
    shutdown = Shutdown()
    shutdown.retire("replaced")
    shutdown.ask(EX_UNAVAILABLE, "no message could be deleted for too long")
    assert (shutdown.exit_code, shutdown.patient) == (EX_UNAVAILABLE, False)
