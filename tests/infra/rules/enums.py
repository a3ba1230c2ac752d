"""A list in a variable's validation holds no value that the provider refuses.

`accepted` in the document holds the provider's own lists, read from its refusals of a wrong value
(tests.infra.rules.runs).
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"
TYPES: Final = ("aws_lambda_function",)
#: The attribute of the provider, by the expression that a validation lists values for; {} is the value.
ATTRIBUTES: Final = {
    "var.producer.python": ("aws_lambda_function.runtime", "python{}"),
    "var.producer.architecture": ("aws_lambda_function.architectures", "{}"),
    "var.price_class": ("aws_cloudfront_distribution.price_class", "{}"),
    "var.log_retention_days": ("aws_cloudwatch_log_group.retention_in_days", "{}"),
}


def violations(plan: Plan) -> Iterator[str]:
    accepted = plan.document.get("accepted", {})
    for path, text in plan.sources.items():
        for values, expression in re.findall(r"contains\(\[([^\]]+)\], ([\w.]+)\)", text):
            if expression not in ATTRIBUTES:
                continue
            attribute, form = ATTRIBUTES[expression]
            admitted = [form.format(value.strip().strip('"')) for value in values.split(",")]
            if refused := [value for value in admitted if value not in accepted.get(attribute, [])]:
                yield f"{path}: {expression} admits {refused}, which the provider refuses"
