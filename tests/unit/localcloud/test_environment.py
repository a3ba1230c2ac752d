"""No AWS setting of the user reaches a child process of the local fleet."""

import os

from pixelfleet.localcloud.environment import in_the_way, local_environment, shared_settings

USERS = {
    "PATH": "/usr/bin",
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "token",
    "AWS_CONFIG_FILE": "/home/me/.aws/config",
    "AWS_ENDPOINT_URL_S3": "https://s3.example.org",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/admin",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "ECS_AGENT_URI": "http://169.254.170.2/api",
    "PIXELFLEET_PREFIX": "production",
    "PIXELFLEET_UPLOADS_BUCKET": "production-uploads-8f2c",
    "PIXELFLEET_BULK_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/bulk",
    "PIXELFLEET_ACCOUNT_ID": "123456789012",
    "PIXELFLEET_CDN_DISTRIBUTION_ID": "E2QWRUHAPOMQZL",
    "PIXELFLEET_ALIAS_BUCKET": "shop-images",
    "PIXELFLEET_MAX_ATTEMPTS": "3",
    "PIXELFLEET_SCRATCH_DIR": "/big",
    "HTTP_PROXY": "http://proxy:3128",
    "NO_PROXY": "intranet",
}


def test_a_child_can_reach_only_the_embedded_cloud() -> None:
    made = local_environment("http://127.0.0.1:4000", "key", "secret", USERS)
    assert {name: value for name, value in made.items() if name.startswith(("AWS_", "ECS_"))} == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4000",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def test_names_of_resources_are_dropped_and_limits_are_kept() -> None:
    made = local_environment("http://127.0.0.1:4000", "key", "secret", USERS)
    assert {name for name in made if name.startswith("PIXELFLEET_")} == {
        "PIXELFLEET_ALIAS_BUCKET",
        "PIXELFLEET_MAX_ATTEMPTS",
        "PIXELFLEET_SCRATCH_DIR",
    }
    assert made["PATH"] == "/usr/bin"


def test_loopback_never_goes_through_a_proxy() -> None:
    made = local_environment("http://127.0.0.1:4000", "key", "secret", USERS)
    assert made["HTTP_PROXY"] == "http://proxy:3128"
    assert made["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert made["no_proxy"] == "127.0.0.1,localhost"


def test_variables_that_would_lead_a_shell_to_another_cloud_are_named() -> None:
    shell = {"AWS_PROFILE": "p", "AWS_SESSION_TOKEN": "t", "AWS_REGION": "r", "AWS_PAGER": "", "PATH": "/usr/bin"}
    assert in_the_way(shell | {"PIXELFLEET_IMAGES_TABLE": "t", "PIXELFLEET_LOG_LEVEL": "INFO"}) == [
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "PIXELFLEET_IMAGES_TABLE",
    ]


def test_shells_get_the_settings_that_the_fleet_was_started_with() -> None:
    assert shared_settings(USERS | {"PIXELFLEET_KEEP_REVISIONS": "7"}) == {
        "PIXELFLEET_ALIAS_BUCKET": "shop-images",
        "PIXELFLEET_KEEP_REVISIONS": "7",
        "PIXELFLEET_MAX_ATTEMPTS": "3",
        "PIXELFLEET_SCRATCH_DIR": "/big",
    }
