"""A minimum that a scheduled action raises is lowered by another action, and an apply does not undo it.

A scheduled action's minimum stays until another action changes it (Application Auto Scaling, "Considerations").
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from tests.infra.rules.plan import Plan, blocks

PAGE: Final = (
    "https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html"
)
TYPES: Final = ("aws_appautoscaling_target", "aws_appautoscaling_scheduled_action")


def violations(plan: Plan) -> Iterator[str]:
    least = {
        target.values.get("resource_id"): int(target.values["min_capacity"])
        for target in plan.resources("aws_appautoscaling_target")
    }
    raised: defaultdict[Any, list[str]] = defaultdict(list)
    lowered: defaultdict[Any, list[str]] = defaultdict(list)
    for action in plan.resources("aws_appautoscaling_scheduled_action"):
        service = action.values.get("resource_id")
        for bounds in action.values.get("scalable_target_action") or []:
            higher = int(bounds.get("min_capacity") or 0) > least.get(service, 0)
            (raised if higher else lowered)[service].append(action.address)
    for service, addresses in raised.items():
        if len(lowered[service]) < len(addresses):
            yield f"{addresses[0]}: the minimum rises and nothing lowers it again"
    for name, text in blocks(plan.sources, "aws_appautoscaling_target"):
        ignored = re.search(r"ignore_changes += \[([^\]]*)\]", text)
        if not ignored or not {"min_capacity", "max_capacity"} <= {part.strip() for part in ignored[1].split(",")}:
            yield f"{name}: an apply sets the minimum back while a schedule has raised it"
