"""A capacity provider strategy places tasks, and has an on-demand part unless `only_spot` is set.

ECS honours a base only on a provider with a weight above 0. If all tasks of a service may run on Spot, no task runs
while Spot capacity is gone.
"""

from collections.abc import Iterator
from typing import Any, Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"
TYPES: Final = ("aws_ecs_service", "aws_autoscaling_group")


def violations(plan: Plan) -> Iterator[str]:
    for service in plan.resources("aws_ecs_service"):
        strategy = service.values.get("capacity_provider_strategy") or []
        weights = {part.get("capacity_provider"): part.get("weight") or 0 for part in strategy}
        if strategy and sum(weights.values()) <= 0:
            yield f"{service.address}: all weights are 0, so the strategy places no task"
        for part in strategy:
            if (part.get("base") or 0) > 0 and not part.get("weight"):
                yield f"{service.address}: {part['capacity_provider']} has a base and weight 0"
        placed = {provider for provider, weight in weights.items() if weight > 0}
        if placed == {"FARGATE_SPOT"} and not _only_spot(plan, service.values):
            yield f"{service.address}: every task is on Spot, and nobody chose that (only_spot)"
    yield from _groups(plan)


def _groups(plan: Plan) -> Iterator[str]:
    for group in plan.resources("aws_autoscaling_group"):
        for policy in group.values.get("mixed_instances_policy") or []:
            for shares in policy.get("instances_distribution") or []:
                on_demand = shares["on_demand_base_capacity"] + shares["on_demand_percentage_above_base_capacity"]
                if on_demand == 0 and not _only_spot(plan, group.values):
                    yield f"{group.address}: every instance is on Spot, and nobody chose that (only_spot)"


def _only_spot(plan: Plan, service: Any) -> bool:
    lane = str(service.get("name") or "").rpartition("-")[2]
    chosen = plan.variables.get(lane)
    return isinstance(chosen, dict) and chosen.get("only_spot") is True
