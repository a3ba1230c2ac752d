"""`ObjectBytes` with short timeouts, for a server on loopback."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials

from pixelfleet.aws.object_bytes import ObjectBytes, Policy

QUICK = Policy(connect=2.0, silence=2.0, attempts=2, first_pause=0.01, longest_pause=0.02, sleep=lambda _: None)


@cache
def session(access_key: str = "k", secret_key: str = "s", token: str | None = None) -> boto3.session.Session:
    return boto3.session.Session(access_key, secret_key, token, region_name="us-east-1")


@cache
def s3_client(url: str) -> Any:
    return session().client(
        "s3",
        endpoint_url=url,
        config=Config(
            connect_timeout=2,
            read_timeout=2,
            retries={"total_max_attempts": 1},
            s3={"payload_signing_enabled": False},
        ),
    )


def object_bytes(url: str, policy: Policy = QUICK, of: boto3.session.Session | None = None) -> ObjectBytes:
    return ObjectBytes(s3_client(url), of or session(), policy)


def session_with(credentials: Credentials) -> boto3.session.Session:
    """A session with these credentials and without a credential provider."""
    core = botocore.session.Session()
    core._credentials = credentials  # type: ignore[attr-defined]
    return boto3.session.Session(region_name="us-east-1", botocore_session=core)


def expired() -> dict[str, str]:
    """Renewed credentials that have already expired. botocore raises RuntimeError."""
    return {"access_key": "k", "secret_key": "s", "token": "t", "expiry_time": "2020-01-01T00:00:00Z"}


def incomplete() -> dict[str, str]:
    """Renewed credentials from an answer without keys. botocore's ContainerProvider raises KeyError for them."""
    answer: dict[str, str] = {}
    return {"access_key": answer["AccessKeyId"]}


def renewed_by(renewal: Callable[[], dict[str, str]]) -> RefreshableCredentials:
    """Credentials that have expired and must be renewed."""
    return RefreshableCredentials("k", "s", "t", datetime(2020, 1, 1, tzinfo=UTC), renewal, "test")


def without_credentials() -> boto3.session.Session:
    core = botocore.session.Session()
    core.register_component("credential_provider", _NoProvider())
    return boto3.session.Session(region_name="us-east-1", botocore_session=core)


class _NoProvider:
    def load_credentials(self) -> None:
        """Returns None: there are no credentials."""
