"""The plans that the rules judge: one for each cell of a matrix of variables."""

from typing import Any, Final

PUBLIC_KEY: Final = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyIUl6i9Uk9iK2FxkOzqS\n"
    "-----END PUBLIC KEY-----\n"
)
KEY_ARN: Final = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
#: The longest prefix that the variable's validation admits.
LONGEST_PREFIX: Final = "p" + 19 * "x"
ENDPOINTS: Final = ["ecr.api", "ecr.dkr", "ecs", "logs", "monitoring", "secretsmanager", "sqs", "sns"]

#: The variables without a default.
BASE: Final[dict[str, Any]] = {
    "domain_name": "images.example.com",
    "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000",
    "image_tag": "1",
    "dashboard_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:dashboard-AbCdEf",
    "signing_public_key": PUBLIC_KEY,
}

_MORNING: Final = {"morning": {"schedule": "cron(0 7 ? * MON-FRI *)", "minimum": 2}}

CELLS: Final[dict[str, dict[str, Any]]] = {
    "defaults": {},
    "everything": {
        "zones": 3,
        "nat": "per_zone",
        "waf": True,
        "email_subscription": "operators@example.com",
        "interface_endpoints": ["sqs"],
        "bulk": {"scheduled_minimums": _MORNING},
        "kms_key_arn": KEY_ARN,
    },
    "ec2": {"bulk": {"capacity": "ec2"}, "heavy": {"capacity": "ec2", "scratch_gib": 500}},
    "no-nat": {"nat": "none", "interface_endpoints": ENDPOINTS},
    "longest-prefix": {"prefix": LONGEST_PREFIX, "bulk": {"capacity": "ec2"}},
    "china": {"region": "cn-north-1"},
    "govcloud": {"region": "us-gov-west-1"},
}
