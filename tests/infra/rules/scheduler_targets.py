"""EventBridge Scheduler refuses universal targets whose API action only reads."""

from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html"
TYPES: Final = ("aws_scheduler_schedule",)
#: "Unsupported actions": the beginnings of their names.
READ_ONLY: Final = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover"),
    *("validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration"),
    *("retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel"),
)


def violations(plan: Plan) -> Iterator[str]:
    for schedule in plan.resources(*TYPES):
        for target in schedule.values.get("target") or []:
            kind, _, action = str(target.get("arn") or "").rpartition(":")
            if ":scheduler:::aws-sdk:" in f"{kind}:" and action.startswith(READ_ONLY):
                yield f"{schedule.address}: EventBridge Scheduler does not support the read-only action {action}"
