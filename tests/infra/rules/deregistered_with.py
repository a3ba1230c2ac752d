"""Scaling policies and scheduled actions are replaced whenever their scalable target is replaced.

DeregisterScalableTarget deletes both. Terraform would keep them in its state, and the service would not scale until the
next plan reads them.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan, blocks

PAGE: Final = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html"
TYPES: Final = ("aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action")
TARGET: Final = "aws_appautoscaling_target"


def violations(plan: Plan) -> Iterator[str]:
    yield from _planned(plan)
    causes = {cause for _, text in blocks(plan.sources, TARGET) for cause in _causes(text)}
    for type_ in TYPES:
        for name, text in blocks(plan.sources, type_):
            if missing := causes - _causes(text):
                yield f"{name}: it is not made anew with its target by {sorted(missing)}"


def _planned(plan: Plan) -> Iterator[str]:
    """A plan that replaces a target and keeps the policies and actions that AWS deletes with the target."""
    replaced = {t.values.get("resource_id") for t in plan.resources(TARGET) if "delete" in t.actions}
    for child in plan.resources(*TYPES):
        if child.values.get("resource_id") in replaced and "create" not in child.actions:
            yield f"{child.address}: AWS deletes it with its target, and the plan does not make it again"


def _causes(text: str) -> set[str]:
    """The addresses in `replace_triggered_by`."""
    listed = re.search(r"replace_triggered_by += \[([^\]]*)\]", text)
    return {cause.strip() for cause in listed[1].split(",")} if listed else set()
