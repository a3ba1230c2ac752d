"""Tasks of a lane on EC2 fill the instances that the lane buys, and their scratch fits on the volume.

ECS places tasks by the memory that an instance registers, which is less than the type's RAM: the kernel and the agent
keep a part. 0.93 of the RAM is a careful share for the types that are listed here.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

from tests.infra.rules.plan import Plan, Resource

PAGE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html"
TYPES: Final = ("aws_autoscaling_group", "aws_launch_template")
REGISTERED: Final = 0.93
LEAST_USED: Final = 0.75
SYSTEM_GIB: Final = 30
GIB: Final = 1024
#: vCPUs for each step of size, and GiB of RAM to a vCPU (EC2 "Instance type specifications").
SIZES: Final = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32}
RATIOS: Final = {"c": 2, "m": 4, "r": 8}


def violations(plan: Plan) -> Iterator[str]:
    for group in plan.resources("aws_autoscaling_group"):
        task = next(
            (
                t
                for t in plan.resources("aws_ecs_task_definition")
                if t.values.get("family") == group.values.get("name")
            ),
            None,
        )
        if task is None or not _types(group):
            yield f"{group.address}: no task definition of its name, or no instance types"
            continue
        most = 0
        for kind in _types(group):
            tasks, share = packed(kind, int(task.values["cpu"]), int(task.values["memory"]))
            most = max(most, tasks)
            if share < LEAST_USED:
                yield f"{group.address}: {tasks} task(s) use {share:.0%} of the vCPUs of a {kind}"
        yield from _volume(plan, group, most)


def packed(kind: str, cpu: int, memory: int) -> tuple[int, float]:
    """How many tasks one instance takes, and the share of its vCPUs that they use."""
    family, _, size = kind.partition(".")
    cores = SIZES[size]
    ram = cores * RATIOS[family[0]] * GIB
    tasks = min(math.floor(REGISTERED * ram / memory), cores * 1024 // cpu)
    return tasks, tasks * cpu / (cores * 1024)


def _types(group: Resource) -> list[str]:
    return [
        override["instance_type"]
        for policy in group.values.get("mixed_instances_policy") or []
        for template in policy.get("launch_template") or []
        for override in template.get("override") or []
    ]


def _volume(plan: Plan, group: Resource, tasks: int) -> Iterator[str]:
    sizes: dict[str, Any] = plan.outputs.get("lanes") or {}
    lane = str(group.values.get("name")).rpartition("-")[2]
    template = plan.one("aws_launch_template", f"-{lane}")
    scratch = (sizes.get(lane) or {}).get("scratch_gib")
    if template is None or scratch is None:
        yield f"{group.address}: the output `lanes` does not say how much scratch a task has"
        return
    for device in template.values.get("block_device_mappings") or []:
        for volume in device.get("ebs") or []:
            if int(volume["volume_size"]) < SYSTEM_GIB + tasks * scratch:
                yield f"{template.address}: {volume['volume_size']} GiB for the system and {tasks} x {scratch} GiB"
