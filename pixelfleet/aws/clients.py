"""boto3's clients, configured once for every service.

A client must not cross a fork: the process that uses a client makes it.
"""

import ipaddress
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import HTTPClientError
from urllib3.exceptions import HTTPError as Urllib3Error

#: Seconds.
CONNECT_TIMEOUT: Final = 5
READ_TIMEOUT: Final = 60
ATTEMPTS: Final = 4
_OF_THE_CONNECTION: Final = (OSError, HTTPException, Urllib3Error)


@dataclass(frozen=True)
class Clients:
    """Makes clients that share one session. `connections` are kept open for each."""

    region: str
    endpoint_url: str | None
    connections: int = 10

    @cached_property
    def session(self) -> boto3.session.Session:
        return boto3.session.Session(region_name=self.region, botocore_session=self._core)

    @property
    def ca_bundle(self) -> str | None:
        """The path of the CA bundle that the user named, in the environment or in AWS's configuration file."""
        path: str | None = self._core.get_config_variable("ca_bundle")
        return path

    def client(self, service: str, **options: Any) -> Any:
        """A client; `options` are botocore's `Config`'s."""
        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=self.connections,
            tcp_keepalive=True,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            **options,
        )
        client = self.session.client(service, endpoint_url=self.endpoint_url, config=config)  # type: ignore[call-overload]
        client.meta.events.register_first(f"needs-retry.{client.meta.service_model.service_id.hyphenize()}", _unwrap)
        return client

    @cached_property
    def _core(self) -> botocore.session.Session:
        return botocore.session.Session()


def _unwrap(caught_exception: Exception | None, **_: object) -> None:
    """Raise the exception that interrupted a request, such as a task's time limit.

    botocore's HTTP session wraps every exception, and would repeat the request that the exception was to end.
    """
    if type(caught_exception) is not HTTPClientError:
        return
    wrapped: object = caught_exception.kwargs.get("error")
    if isinstance(wrapped, Exception) and not isinstance(wrapped, _OF_THE_CONNECTION):
        raise wrapped


def is_open(url: str) -> bool:
    """Whether others can change a body on its way to `url`. A signature must then cover the body."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True
