"""Values that a variable of the stack refuses, each with a part of the error message."""

from typing import Any, Final

from tests.infra.rules.matrix import PUBLIC_KEY

_EC2: Final[dict[str, Any]] = {"capacity": "ec2"}
_GITHUB: Final = {
    "repository": "example/images",
    "environment": "production",
    "state_bucket": "states",
    "state_key": "pixelfleet.tfstate",
}
_BALANCER: Final = {
    "arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/team/0",
    "listener_arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/team/0/1",
    "security_group_id": "sg-1",
}
_SHOP: Final = {"protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:123456789012:shop"}
_TASK_ENDPOINTS: Final = ["ecr.api", "ecr.dkr", "ecs", "logs", "monitoring", "secretsmanager", "sqs", "sns"]

#: The given variables, and a part of the message. If a check reads another variable, that variable is given too.
BAD_VALUES: Final[list[tuple[dict[str, Any], str]]] = [
    ({"prefix": "Pixel_Fleet"}, "prefix should be 2 to 20 lower-case letters"),
    ({"prefix": "p" + 20 * "x"}, "prefix should be 2 to 20 lower-case letters"),
    ({"prefix": "ecs-images"}, "prefix must not begin with aws, ecs, fargate"),
    ({"prefix": "aws-images"}, "prefix must not begin with aws, ecs, fargate"),
    ({"prefix": "internal"}, "prefix must not begin with aws, ecs, fargate"),
    ({"bucket_suffix": "My_Team", "prefix": "images"}, "bucket_suffix should be lower-case letters"),
    ({"bucket_suffix": 50 * "x", "prefix": "images"}, "bucket_suffix should be lower-case letters"),
    ({"vpc_cidr": "10.0.0.0/20"}, "vpc_cidr should be an IPv4 network from /16 to /19"),
    ({"vpc_cidr": "10.0.0.0"}, "vpc_cidr should be an IPv4 network from /16 to /19"),
    ({"zones": 1}, "zones should be 2 or 3"),
    ({"nat": "two"}, "nat should be one, per_zone or none"),
    ({"interface_endpoints": ["sqs"], "nat": "none"}, "Without NAT the tasks need interface endpoints"),
    (
        {"interface_endpoints": _TASK_ENDPOINTS, "nat": "none", "heavy": _EC2},
        "lanes on EC2 also need interface endpoints for ecs-agent",
    ),
    (
        {"interface_endpoints": _TASK_ENDPOINTS, "nat": "none", "ecs_exec": True},
        "ecs_exec also needs an interface endpoint for ssmmessages",
    ),
    ({"existing_network": {"vpc_id": "vpc-1", "private_subnet_ids": ["subnet-1"]}}, "subnets of two zones or more"),
    (
        {"existing_network": {"vpc_id": "vpc-1", "private_subnet_ids": ["subnet-1", "subnet-1"]}},
        "subnets of two zones or more",
    ),
    ({"existing_network": {"vpc_id": "main", "private_subnet_ids": ["a", "b"]}}, "existing_network should hold ids"),
    ({"existing_cluster_name": "platform", "heavy": _EC2}, "Lanes on EC2 add capacity providers to the cluster"),
    ({"existing_balancer": _BALANCER | {"arn": _BALANCER["listener_arn"]}}, "existing_balancer should name"),
    ({"existing_balancer": _BALANCER | {"rule_priority": 0}}, "existing_balancer.rule_priority should be 1 to 50000"),
    (
        {"aliases": {"template": "{stem}.{ext}"}, "source_buckets": []},
        "aliases.template should have {variant} and {ext}",
    ),
    (
        {"aliases": {"template": "{variant}.{ext}", "bucket": "s3://shop"}, "source_buckets": []},
        "aliases.bucket should be the name of a bucket",
    ),
    (
        {"aliases": {"template": "{variant}.{ext}", "bucket": "masters"}, "source_buckets": ["masters"]},
        "aliases.bucket is one of source_buckets",
    ),
    (
        {"aliases": {"template": "{variant}.{ext}", "prefix": "ana/"}, "source_buckets": []},
        "aliases.prefix should end with a slash",
    ),
    ({"source_buckets": ["s3://masters"]}, "source_buckets should be names of buckets"),
    ({"source_buckets": [f"masters-{number}" for number in range(31)]}, "source_buckets should be 30 buckets at most"),
    ({"role_path": "teams"}, "role_path should begin and end with a slash"),
    ({"permissions_boundary_arn": "boundary"}, "permissions_boundary_arn should be the ARN of an IAM policy"),
    (
        {"kms_key_arn": "arn:aws:kms:us-east-1:123456789012:alias/images"},
        "An alias does not do: IAM policies grant rights on keys",
    ),
    ({"abort_multipart_days": 0}, "abort_multipart_days should be 1 day or more"),
    ({"old_versions_days": 1.5}, "old_versions_days should be 1 day or more"),
    ({"tagged_originals_days": -1}, "tagged_originals_days should be 1 day or more"),
    ({"github": _GITHUB | {"repository": "images"}}, "github.repository should be owner/name"),
    ({"github": _GITHUB | {"environment": "*"}}, "github.environment should be the name of a GitHub environment"),
    ({"github": _GITHUB | {"provider_arn": "github"}}, "github.provider_arn should be the ARN of the OIDC provider"),
    ({"github": _GITHUB | {"state_bucket": "s3://states"}}, "github.state_bucket should be the name of the bucket"),
    (
        {"github": _GITHUB | {"state_kms_key_arn": "alias/states"}},
        "github.state_kms_key_arn should be the ARN of the key",
    ),
    ({"domain_name": "https://images.example.com"}, "domain_name should be a host name"),
    ({"route53_zone_id": "/hostedzone/Z0123456789"}, "route53_zone_id should be the id of a hosted zone"),
    ({"certificate_arn": None, "route53_zone_id": None}, "Give certificate_arn, the ARN of an ACM certificate"),
    (
        {"cdn_certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/0", "route53_zone_id": None},
        "CloudFront takes certificates of us-east-1 only",
    ),
    ({"signing_public_keys": {}}, "Results are private: give signing_public_keys"),
    ({"signing_public_keys": {"first": "ssh-rsa AAAA"}}, "signing_public_keys should hold PEM texts"),
    ({"signing_public_keys": {"my key": "x"}}, "The names in signing_public_keys should be letters"),
    (
        {"signing_key": "second", "signing_public_keys": {"a": PUBLIC_KEY, "b": PUBLIC_KEY}},
        "signing_key should name one of",
    ),
    ({"dashboard_secret_arn": "pixelfleet-dashboard"}, "dashboard_secret_arn should be the full ARN"),
    ({"edge_ttl_seconds": 0}, "edge_ttl_seconds should be 1 to 31536000"),
    ({"stable_ttl_seconds": 0}, "stable_ttl_seconds should be 1 to 86400"),
    ({"price_class": "cheap"}, "price_class should be PriceClass_100"),
    ({"waf_rate_limit": 5}, "waf_rate_limit should be 10 to 2000000000"),
    ({"upload_origins": ["https://shop.example.com/"]}, "upload_origins should be origins such as"),
    ({"upload_origins": ["*"]}, "upload_origins should be origins such as"),
    ({"dashboard": {"cpu": 256, "memory": 4096}}, "Fargate has no task of dashboard.cpu and dashboard.memory"),
    ({"dashboard": {"tasks": 0}}, "dashboard.tasks should be 1 or more"),
    ({"lazy_variants": {"renders": 0}, "dashboard": {}}, "lazy_variants.renders should be 1 to 16"),
    ({"lazy_variants": {"renders": 1.5}, "dashboard": {}}, "lazy_variants.renders should be 1 to 16"),
    ({"lazy_variants": {"renders": 3}, "dashboard": {}}, "lazy_variants.renders is too large for dashboard.memory"),
    ({"lazy_variants": {"renders_per_hour": 0}, "dashboard": {}}, "lazy_variants.renders_per_hour should be 1 or more"),
    ({"email_subscription": "operators"}, "email_subscription should be one mail address"),
    ({"notice_subscriptions": {"a": _SHOP | {"protocol": "fax"}}}, "protocol should be application, email"),
    ({"notice_subscriptions": {"a": _SHOP | {"protocol": "lambda", "raw": True}}}, "raw messages to sqs, http and"),
    (
        {"notice_subscriptions": {"a": _SHOP | {"filter": {"owner": [f"o{n}" for n in range(151)]}}}},
        "a filter has at most 5 keys",
    ),
    (
        {
            "notice_subscriptions": {
                "a": {"protocol": "email", "endpoint": "a@b.c", "filter": {"kind": ["image.failed"]}}
            }
        },
        "A subscription by mail needs a filter on kind",
    ),
    ({"oldest_message_seconds": {"bulk": 0}}, "oldest_message_seconds should be above 0"),
    ({"failure_percent": 120}, "failure_percent should be 0 to 100"),
    ({"failure_minimum": 0}, "failure_minimum should be 1 or more"),
    ({"balancer_errors": -1}, "balancer_errors should be 0 or more"),
    ({"log_retention_days": 42}, "log_retention_days should be one of CloudWatch Logs' own periods"),
    ({"access_logs_days": 0}, "access_logs_days should be 1 day or more"),
    ({"monthly_budget_usd": 0}, "monthly_budget_usd should be above 0"),
    ({"reconcile": {"schedule": "daily"}}, "should be cron(...) or rate(...)"),
    ({"reconcile": {"rate": 0}}, "reconcile.rate should be 0.01 jobs a second or more"),
    ({"reconcile": {"cpu": 256, "memory": 4096}}, "Fargate has no task of reconcile.cpu and reconcile.memory"),
    ({"producer": {"architecture": "arm"}}, "producer.architecture should be arm64 or x86_64"),
    ({"producer": {"python": "3.14"}}, "producer.python should be 3.11, 3.12 or 3.13"),
    ({"producer": {"timeout": 1000}}, "producer.timeout should be 10 to 900 seconds"),
    ({"producer": {"maximum_concurrency": 1}}, "producer.maximum_concurrency should be 2 to 1000"),
    ({"producer": {"memory": 64}}, "producer.memory should be 128 to 10240 MiB"),
    ({"producer": {"batch_size": 20000}}, "producer.batch_size should be 1 to 10000"),
    ({"producer": {"batch_window": 0}}, "needs a producer.batch_window of at least 1 second"),
    ({"image_digest": "latest"}, "image_digest should be sha256: and 64 hexadecimal digits"),
    ({"architecture": "arm"}, "architecture should be arm64 or x86_64"),
    ({"settings": {"LOG_LEVEL": "DEBUG"}}, "settings should be PIXELFLEET_* variables"),
    ({"settings": {"PIXELFLEET_SESSION_SECRET": "x"}}, "settings are no place for secrets"),
    ({"lane_max_receives": 9, "settings": {"PIXELFLEET_MAX_ATTEMPTS": "9"}}, "must exceed PIXELFLEET_MAX_ATTEMPTS"),
]

#: Values of a lane's variable. Both lanes refuse them.
BAD_LANES: Final[list[tuple[dict[str, Any], str]]] = [
    ({"capacity": "lambda"}, "capacity should be fargate or ec2"),
    ({"memory": 5000}, "Fargate has no task of"),
    ({"spot_percent": 100}, "no task runs while Spot capacity is gone"),
    ({"capacity": "ec2", "spot_percent": 100, "on_demand_tasks": 0}, "no task runs while Spot capacity is gone"),
    ({"spot_percent": 120}, "spot_percent should be 0 to 100"),
    ({"spot_percent": 33.3}, "should be whole numbers, 0 or more"),
    ({"minimum": 5, "maximum": 2}, "maximum should be at least 1 and not below"),
    ({"minimum": -1}, "should be whole numbers, 0 or more"),
    ({"concurrency": 0}, "concurrency and"),
    ({"wake_tasks": 0}, "wake_tasks should be 1 or more"),
    ({"scale_in_cooldown": -1}, "should be 0 seconds or more"),
    ({"scratch_gib": 500}, "scratch_gib should be 21 to 200 on Fargate"),
    ({"capacity": "ec2", "instance_types": []}, "instance_types should name a type or more"),
    ({"acceptable_wait": 0}, "seconds_per_image should be above 0"),
    ({"visibility": 30}, "visibility should be 60 seconds"),
    (
        {"scheduled_minimums": {"day": {"schedule": "rate(1 day)", "until": "rate(1 day)", "minimum": 500}}},
        "should be above",
    ),
    (
        {"scheduled_minimums": {"day": {"schedule": "7:00", "until": "rate(1 day)", "minimum": 2}}},
        "should be cron(...), rate(...) or at(...)",
    ),
]
