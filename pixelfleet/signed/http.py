"""One signed request, repeated where that helps."""

import random
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final, cast

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.client import BaseClient
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError, HTTPClientError, NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
from urllib3.exceptions import HTTPError as Urllib3Error

from pixelfleet.aws.errors import THROTTLES, error_code

#: As the clients are configured (bootstrap.py), and the pause of their standard retry mode.
ATTEMPTS: Final = 4
LONGEST_PAUSE: Final = 20.0
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0

_PASSING: Final = THROTTLES | {"RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError"}
_OF_THE_WIRE: Final = (OSError, HTTPException, Urllib3Error)
_USER_AGENT: Final = "pixelfleet"
#: Without it the end of a request that goes out in two pieces waits for the answer to the first, 40 ms.
_SOCKET_OPTIONS: Final = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
]


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `digest` is what the signature says of the body, mostly its SHA-256 in hex; without, it is made."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | memoryview = b""
    digest: str | None = None
    #: Whether the answer's body is left on the wire for the caller to read.
    streams: bool = False


#: Raises ClientError for an answer that is no success, HTTPClientError for one that was damaged on its way.
Judge = Callable[[Request, AWSResponse], None]


@dataclass(frozen=True, slots=True)
class Policy:
    """How requests go out: `connections` that are kept, CA bundle's path, attempts at one request."""

    connections: int = 10
    ca_bundle: str | None = None
    attempts: int = ATTEMPTS
    sleep: Callable[[float], None] = time.sleep


DEFAULT: Final = Policy()


class SignedHttp:
    """Requests to one service, signed with a client's region; safe to use from as many threads as connections.

    Raises ClientError or HTTPClientError after the policy's attempts or at once where another would not help, and
    NoCredentialsError.
    """

    def __init__(
        self, client: BaseClient, credentials: Credentials | None, judge: Judge, policy: Policy = DEFAULT
    ) -> None:
        self._credentials = credentials
        self._judge = judge
        self._policy = policy
        self._service: str = client.meta.service_model.signing_name
        self._region = client.meta.region_name
        self._events = client.meta.events
        self._event = f"before-send.{client.meta.service_model.service_id.hyphenize()}"
        # As botocore's own endpoints call it; its stubs know neither a CA bundle's path nor two time-outs.
        options: Any = {
            "verify": policy.ca_bundle or True,
            "timeout": (CONNECT_SECONDS, ANSWER_SECONDS),
            "socket_options": _SOCKET_OPTIONS,
        }
        proxies = get_environ_proxies(client.meta.endpoint_url)
        self._http = URLLib3Session(proxies=proxies, max_pool_connections=policy.connections, **options)

    def send(self, request: Request) -> AWSResponse:
        """The answer to a request that succeeded."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._once(request)
            except (ClientError, HTTPClientError) as error:
                if attempt == self._policy.attempts or not _passing(error):
                    raise
            # Full jitter: threads that were throttled together do not come back together.
            self._policy.sleep(random.uniform(0.0, min(LONGEST_PAUSE, 2.0 ** (attempt - 1))))  # noqa: S311 - no secret

    def _once(self, request: Request) -> AWSResponse:
        prepared = self._signed(request)
        # Whoever took the client's place on the wire (moto in a unit test) takes this one's as well.
        answers = (answer for _, answer in self._events.emit(f"{self._event}.{request.operation}", request=prepared))
        answer: AWSResponse = next((given for given in answers if given is not None), None) or self._sent(prepared)
        self._judge(request, answer)
        return answer

    def _sent(self, prepared: AWSPreparedRequest) -> AWSResponse:
        try:
            return self._http.send(prepared)
        except HTTPClientError as error:
            raise _undressed(error) from error

    def _signed(self, request: Request) -> AWSPreparedRequest:
        if self._credentials is None:
            raise NoCredentialsError
        headers = {"User-Agent": _USER_AGENT, **request.headers}
        unsigned = AWSRequest(
            request.method, request.url, headers=headers, data=request.body, stream_output=request.streams
        )
        frozen = self._credentials.get_frozen_credentials()
        signer: SigV4Auth
        if self._service == "s3":
            signer = _S3Signer(frozen, self._service, self._region, request.digest)
        else:
            signer = SigV4Auth(frozen, self._service, self._region)
        signer.add_auth(unsigned)
        return unsigned.prepare()


class _S3Signer(S3SigV4Auth):
    """Signs with a digest that is known, where botocore's would hash the body once more."""

    def __init__(self, credentials: ReadOnlyCredentials, service: str, region: str, digest: str | None) -> None:
        super().__init__(credentials, service, region)
        self._digest = digest

    def payload(self, request: AWSRequest) -> str:
        return self._digest or super().payload(request)


def _undressed(error: HTTPClientError) -> BaseException:
    """What the session met. It wraps every exception, a task's time limit that strikes in its midst among them."""
    met: object = error.kwargs.get("error")
    foreign = isinstance(met, Exception) and not isinstance(met, _OF_THE_WIRE)
    return cast("Exception", met) if type(error) is HTTPClientError and foreign else error


def _passing(error: ClientError | HTTPClientError) -> bool:
    if isinstance(error, HTTPClientError):
        return True
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status >= 500 or error_code(error) in _PASSING
