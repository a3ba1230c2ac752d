"""boto3 clients for tests, with an explicit endpoint and, by default, throw-away credentials."""

from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.config import Config

CREDENTIALS: Final[Mapping[str, str]] = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def client(service: str, url: str, environment: Mapping[str, str] = CREDENTIALS) -> Any:
    """A client with short timeouts. Its keys are the keys in `environment`, as for a child process."""
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(connect_timeout=3, read_timeout=25, retries={"total_max_attempts": 2}),
    )
