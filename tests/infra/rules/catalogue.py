"""All rules by name."""

from types import ModuleType
from typing import Final

from tests.infra.rules import (
    capacity_strategies,
    dead_letters,
    ec2_packing,
    enums,
    event_source,
    fargate_sizes,
    files,
    invalidations,
    kms_rights,
    mail_filters,
    metric_math,
    names,
    notifications,
    origin_proof,
    partitions,
    provider_6,
    replacements,
    sandboxed_results,
    scheduled_minimums,
    scheduler_targets,
    wake_from_zero,
)

_MODULES: Final[tuple[ModuleType, ...]] = (
    scheduler_targets,
    wake_from_zero,
    metric_math,
    fargate_sizes,
    capacity_strategies,
    ec2_packing,
    event_source,
    dead_letters,
    notifications,
    enums,
    mail_filters,
    invalidations,
    replacements,
    scheduled_minimums,
    kms_rights,
    origin_proof,
    sandboxed_results,
    names,
    files,
    partitions,
    provider_6,
)
RULES: Final[dict[str, ModuleType]] = {module.__name__.rpartition(".")[2]: module for module in _MODULES}
