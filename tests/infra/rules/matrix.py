"""The plans that the rules check: one for each cell of a matrix of variables."""

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
    "image_digest": "sha256:" + 64 * "0",
    "dashboard_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:dashboard-AbCdEf",
    "signing_public_keys": {"first": PUBLIC_KEY},
}

_MORNING: Final = {
    "morning": {"schedule": "cron(0 7 ? * MON-FRI *)", "until": "cron(0 19 ? * MON-FRI *)", "minimum": 2}
}

#: The cell of a team with a network, a cluster and a load balancer, all in an emulator (tests.infra.team).
EXISTING: Final = "existing"

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
        "route53_zone_id": "Z0123456789",
        "certificate_arn": None,
        "region": "eu-central-1",
        "signing_public_keys": {"first": PUBLIC_KEY, "second": PUBLIC_KEY},
        "signing_key": "second",
        "source_buckets": ["museum-masters"],
        "aliases": {"template": "{path}/{stem}_{variant}.{ext}", "bucket": "museum-web"},
        "lazy_variants": {"renders": 2, "renders_per_hour": 600},
        "role_path": "/teams/images/",
        "permissions_boundary_arn": "arn:aws:iam::123456789012:policy/boundary",
        "ecs_exec": True,
        "access_logs_days": 30,
        "monthly_budget_usd": 500,
        "github": {
            "repository": "example/images",
            "environment": "production",
            "state_bucket": "states",
            "state_key": "pixelfleet.tfstate",
            "state_kms_key_arn": KEY_ARN.replace("00000000", "11111111", 1),
        },
    },
    "ec2-longest-prefix": {
        "prefix": LONGEST_PREFIX,
        "bulk": {"capacity": "ec2"},
        "heavy": {"capacity": "ec2", "scratch_gib": 500},
    },
    "govcloud-without-nat": {"region": "us-gov-west-1", "nat": "none", "interface_endpoints": ENDPOINTS},
    "china": {"region": "cn-north-1", "public_results": True, "signing_public_keys": {}},
}
