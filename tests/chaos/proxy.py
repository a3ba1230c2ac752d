"""A fault proxy: HTTP in front of any AWS endpoint, with faults by service and operation, set while it runs.

    with FaultProxy(cloud.url) as proxy:
        proxy.inject(Fault("sqs", "ReceiveMessage", status=503, times=3))
        proxy.inject(Fault(status=500, rate=0.05))  # one in twenty of all requests

The service is read from the request's signature, the operation from X-Amz-Target, the form's Action, or for S3 the
method. It chooses by a seeded chance, so a run can be repeated as far as the order of requests can.
"""

import asyncio
import dataclasses
import json
import math
import random
import re
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.fakes.http import Dropped, Request, Response, Server, parse_head, read_body, serve

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")


@dataclass(slots=True)
class Fault:
    """The fault of the requests that match. None matches all requests. `target` is a part of the address.

    With `times` None, the fault lasts as long as it is set, or until `until` (monotonic).

    `status` is answered without asking the upstream; `drop` closes the connection, "before" the upstream is asked or
    "after"; `delay` waits so many seconds before either, or before passing the request on (STALL: for ever);
    `half_body` passes the answer on but for the second half of its body, which never comes.
    """

    service: str | None = None
    operation: str | None = None
    target: str = ""
    status: int | None = None
    code: str = "InternalError"
    drop: str | None = None
    delay: float = 0.0
    half_body: bool = False
    rate: float = 1.0
    times: int | None = None
    until: float = math.inf

    def matches(self, service: str, operation: str, target: str) -> bool:
        if self.times == 0 or time.monotonic() >= self.until or self.target not in target:
            return False
        return self.service in (None, service) and self.operation in (None, operation)


STALL = 3600.0


class FaultProxy:
    """Listens on a free port of 127.0.0.1. `upstream` is an http:// URL that may change while the proxy runs."""

    def __init__(self, upstream: str, seed: int = 0) -> None:
        self.upstream = upstream
        self.seen: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.port}"

    def inject(self, *faults: Fault) -> None:
        with self._lock:
            # New faults, such as an outage, come before the faults that are set already.
            self._faults = [*faults, *self._faults]

    def heal(self) -> None:
        with self._lock:
            self._faults.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(serve(self._handle, 0), self._loop).result()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._server is not None
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _handle(self, request: Request) -> Response:
        service, operation = identify(request)
        self.seen[operation] += 1
        fault = self._choose(service, operation, request.target)
        if fault is None:
            return await self._forward(request)
        self.injected[f"{service} {operation}"] += 1
        await asyncio.sleep(fault.delay)
        if fault.status is not None:
            return failure(service, fault)
        if fault.drop == "after":
            await self._forward(request)
        if fault.drop is not None:
            raise Dropped
        answer = await self._forward(request)
        return dataclasses.replace(answer, breaks_off=fault.half_body)

    def _choose(self, service: str, operation: str, target: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.matches(service, operation, target) and self._chance.random() < fault.rate:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None

    async def _forward(self, request: Request) -> Response:
        """Use one connection for each request. That is simple, and the upstream's keep-alive is not under test."""
        to = urllib.parse.urlsplit(self.upstream)
        try:
            reader, writer = await asyncio.open_connection(to.hostname, to.port)
        except OSError:
            raise Dropped from None
        try:
            writer.write(_without(request.head, "expect") + request.body)
            head = await reader.readuntil(b"\r\n\r\n")
            line, headers = parse_head(head)
            status = int(line.split(" ", 2)[1])
            bodiless = request.method == "HEAD" or status in (204, 304)
            body = b"" if bodiless else await _answer_body(reader, headers)
            return Response(status, body, _passed_on(headers, keep_length=request.method == "HEAD"))
        except (OSError, asyncio.IncompleteReadError):
            raise Dropped from None
        finally:
            writer.close()


def identify(request: Request) -> tuple[str, str]:
    """The AWS service and operation of a request. "" for a part that the request does not name."""
    actual = _SCOPE.search(request.headers.get("authorization", ""))
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.target).query)
    scope = query.get("X-Amz-Credential", [""])[0].split("/")
    service = actual.group(1) if actual else (scope[3] if len(scope) > 3 else "")
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if not target and service in ("sns", "sts", "iam"):
        target = urllib.parse.parse_qs(request.body.decode("latin-1")).get("Action", [""])[0]
    return service, target or request.method


def failure(service: str, fault: Fault) -> Response:
    """An error answer in the format that the service's client reads."""
    if service in ("s3", "sns"):
        body = f"<Error><Code>{fault.code}</Code><Message>injected</Message></Error>"
        if service == "sns":
            body = f"<ErrorResponse>{body}</ErrorResponse>"
        return Response(fault.status or 500, body.encode(), {"Content-Type": "application/xml"})
    return Response(fault.status or 500, json.dumps({"__type": f"x#{fault.code}", "message": "injected"}).encode())


async def _answer_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return await reader.read()
    return await read_body(reader, headers)


def _passed_on(headers: dict[str, str], *, keep_length: bool) -> dict[str, str]:
    dropped = {"connection", "keep-alive"} | (set() if keep_length else {"content-length"})
    return {name: value for name, value in headers.items() if name not in dropped}


def _without(head: bytes, name: str) -> bytes:
    lines = head.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(name.encode() + b":"))
