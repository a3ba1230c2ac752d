"""The smoke task of a deployment, against a scripted ECS."""

import runpy
from typing import Any

import pytest

from tests.infra.terraform import REPOSITORY

# infra/packaging holds programs, not a package.
PROGRAM = runpy.run_path(str(REPOSITORY / "infra" / "packaging" / "smoke_task.py"))
COMMAND, TIMEOUT, SmokeError, run = (PROGRAM[name] for name in ("COMMAND", "TIMEOUT", "SmokeError", "run"))

OUTPUTS: dict[str, Any] = {
    "cluster_name": "p",
    "task_definition_arns": {"bulk": "arn:task-definition/p-bulk:2", "heavy": "arn:task-definition/p-heavy:2"},
    "private_subnet_ids": ["subnet-1"],
    "workers_security_group_id": "sg-1",
    "lanes": {"bulk": {"capacity": "fargate"}, "heavy": {"capacity": "ec2"}},
    "service_names": {"bulk": "p-bulk", "heavy": "p-heavy"},
}


class Ecs:
    def __init__(self, *states: dict[str, Any], failures: list[dict[str, str]] | None = None) -> None:
        self._states = list(states)
        self._failures = failures or []
        self.asked: dict[str, Any] = {}
        self.stopped = False

    def run_task(self, **request: Any) -> dict[str, Any]:
        self.asked = request
        return {"tasks": [] if self._failures else [{"taskArn": "arn:task/1"}], "failures": self._failures}

    def describe_tasks(self, **_: Any) -> dict[str, Any]:
        return {"tasks": [self._states.pop(0) if len(self._states) > 1 else self._states[0]]}

    def stop_task(self, **_: Any) -> None:
        self.stopped = True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def ended(code: int) -> dict[str, Any]:
    return {"lastStatus": "STOPPED", "containers": [{"exitCode": code}], "stoppedReason": "Essential container exited"}


RUNNING: dict[str, Any] = {"lastStatus": "RUNNING", "containers": []}


@pytest.mark.parametrize(("lane", "provider"), [("bulk", "FARGATE"), ("heavy", "p-heavy")])
def test_a_task_of_the_new_definition_renders_a_sample_where_the_lane_runs(lane: str, provider: str) -> None:
    ecs, clock = Ecs(RUNNING, ended(0)), Clock()

    assert run(ecs, lane, OUTPUTS, clock, clock.sleep) == "arn:task/1"

    assert ecs.asked["taskDefinition"] == OUTPUTS["task_definition_arns"][lane]
    assert ecs.asked["capacityProviderStrategy"] == [{"capacityProvider": provider, "weight": 1}]
    assert ecs.asked["overrides"]["containerOverrides"] == [{"name": "worker", "command": COMMAND}]


def test_a_task_that_fails_fails_the_deployment() -> None:
    clock = Clock()
    with pytest.raises(SmokeError, match="ended with"):
        run(Ecs(ended(1)), "bulk", OUTPUTS, clock, clock.sleep)


def test_a_task_that_ecs_does_not_start_fails_the_deployment() -> None:
    clock = Clock()
    with pytest.raises(SmokeError, match="RESOURCE:CPU"):
        run(Ecs(failures=[{"reason": "RESOURCE:CPU"}]), "bulk", OUTPUTS, clock, clock.sleep)


def test_a_task_that_hangs_is_stopped() -> None:
    ecs, clock = Ecs(RUNNING), Clock()
    with pytest.raises(SmokeError, match="did not end"):
        run(ecs, "bulk", OUTPUTS, clock, clock.sleep)
    assert ecs.stopped
    assert clock.now >= TIMEOUT
