"""No attribute that version 6 of the AWS provider deprecates and that version 5 has under another name."""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-6-upgrade"
TYPES: Final = ("aws_region",)
#: In version 6 `name` is deprecated and `region` is new; `id` is the region's name in both.
DEPRECATED: Final = {r"data\.aws_region\.\w+\.name\b": "data.aws_region.NAME.id"}


def violations(plan: Plan) -> Iterator[str]:
    for path, text in plan.sources.items():
        for pattern, instead in DEPRECATED.items():
            if number := len(re.findall(pattern, text)):
                yield f"{path}: {number} attributes that version 6 deprecates; write {instead}"
