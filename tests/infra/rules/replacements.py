"""If others name a resource that AWS cannot change, the new resource is made before the old one is deleted.

CloudFront refuses to delete a public key that a key group names, ELB a target group that a listener uses, ACM a
certificate in use. So the new resource needs another name: a generated name.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.infra.rules.plan import Plan, blocks

PAGE: Final = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeletePublicKey.html"
TYPES: Final = ("aws_cloudfront_public_key", "aws_lb_target_group")
#: Resources without a name, or with a name that is not a key.
NAMELESS: Final = ("aws_acm_certificate",)


def violations(plan: Plan) -> Iterator[str]:
    for resource in plan.resources(*TYPES, *NAMELESS):
        if resource.actions == ("delete", "create"):
            yield f"{resource.address}: it is deleted while others still name it"
    for type_ in (*TYPES, *NAMELESS):
        for name, text in blocks(plan.sources, type_):
            if not re.search(r"^    create_before_destroy += true", text, re.MULTILINE):
                yield f"{name}: create_before_destroy is missing"
            if type_ in TYPES and not re.search(r"^  name_prefix += ", text, re.MULTILINE):
                yield f"{name}: a fixed name admits no second one beside it"
