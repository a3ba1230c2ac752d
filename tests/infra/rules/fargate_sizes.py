"""Fargate takes certain pairs of CPU and memory, 21 to 200 GiB of storage, and a stopTimeout of 120 s at most."""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan, Resource, decoded

PAGE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"
TYPES: Final = ("aws_ecs_task_definition",)
GIB: Final = 1024
#: "Task CPU and memory": CPU units to MiB.
MEMORY: Final[dict[int, list[int]]] = {
    256: [512, 1 * GIB, 2 * GIB],
    512: [n * GIB for n in range(1, 5)],
    1024: [n * GIB for n in range(2, 9)],
    2048: [n * GIB for n in range(4, 17)],
    4096: [n * GIB for n in range(8, 31)],
    8192: [n * GIB for n in range(16, 61, 4)],
    16384: [n * GIB for n in range(32, 121, 8)],
}
STOP_TIMEOUT: Final = 120


def violations(plan: Plan) -> Iterator[str]:
    for task in plan.resources(*TYPES):
        if "FARGATE" in (task.values.get("requires_compatibilities") or []):
            yield from _sizes(task)
        for container in decoded(task.values.get("container_definitions")) or []:
            if (container.get("stopTimeout") or 0) > STOP_TIMEOUT:
                yield f"{task.address}: stopTimeout is at most {STOP_TIMEOUT} s"
    yield from _spot_on_arm(plan)
    for path, text in plan.sources.items():
        if any(int(seconds) > STOP_TIMEOUT for seconds in re.findall(r"stopTimeout\s+=\s+(\d+)", text)):
            yield f"{path}: stopTimeout is at most {STOP_TIMEOUT} s"


def _sizes(task: Resource) -> Iterator[str]:
    cpu, memory = int(task.values["cpu"]), int(task.values["memory"])
    if memory not in MEMORY.get(cpu, []):
        yield f"{task.address}: Fargate has no size of {cpu} CPU units and {memory} MiB"
    for storage in task.values.get("ephemeral_storage") or []:
        if not 21 <= storage["size_in_gib"] <= 200:
            yield f"{task.address}: ephemeral storage is 21 to 200 GiB"


def _spot_on_arm(plan: Plan) -> Iterator[str]:
    """Fargate Spot runs ARM64 on platform version 1.4.0 or later only."""
    arm = any(
        runtime.get("cpu_architecture") == "ARM64"
        for task in plan.resources(*TYPES)
        for runtime in task.values.get("runtime_platform") or []
    )
    for service in plan.resources("aws_ecs_service"):
        spot = any(
            part["capacity_provider"] == "FARGATE_SPOT"
            for part in service.values.get("capacity_provider_strategy") or []
        )
        if arm and spot and service.values.get("platform_version") not in (None, "LATEST", "1.4.0"):
            yield f"{service.address}: ARM64 on Fargate Spot needs platform version 1.4.0"
