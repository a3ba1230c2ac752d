"""`terraform destroy` works in a fresh clone: no function reads a built file without a check that it exists."""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan

PAGE: Final = "https://developer.hashicorp.com/terraform/language/functions/filebase64sha256"
TYPES: Final = ("aws_lambda_function",)


def violations(plan: Plan) -> Iterator[str]:
    for path, text in plan.sources.items():
        for line in text.splitlines():
            if re.search(r"\bfile(?:base64)?(?:sha\d+|md5)\(", line) and "fileexists(" not in line:
                yield f"{path}: {line.strip()} fails where the file was never built, in a destroy too"
