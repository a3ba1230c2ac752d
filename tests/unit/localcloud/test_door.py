"""The requests that the door of the embedded cloud lets through, and the pages that may read its answers."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from pixelfleet.localcloud import request_head
from pixelfleet.localcloud.door import Door
from pixelfleet.localcloud.forms import bucket_of
from pixelfleet.localcloud.request_head import (
    MOST_HELD_BYTES,
    SMALL_BYTES,
    DeniedError,
    Message,
    Receive,
    Scope,
    Send,
    read_body,
)
from pixelfleet.localcloud.signatures import SignatureVerifier
from tests.operations import Operation, operations, services
from tests.unit.localcloud.test_signatures import HOST, KEY, SECRET, _form, _presigned, _signed

_REST = f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
#: Authorisation headers that anybody can invent.
UNAUTHORISED: dict[str, list[tuple[str, str]]] = {
    "none": [],
    "empty": [("authorization", "")],
    "a word": [("authorization", "x")],
    "foreign": [("authorization", "Bearer abcdef")],
    "basic": [("authorization", "Basic cm9vdDpyb290")],
    "version 2": [("authorization", f"AWS {KEY}:c2lnbmF0dXJl")],
    "malformed": [("authorization", f"AWS4-HMAC-SHA256 Credential={KEY}")],
    "version 4a": [("authorization", f"AWS4-ECDSA-P256-SHA256 Credential={KEY}/20260101/s3/aws4_request")],
    "a wrong signature": [
        (
            "authorization",
            f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/s3/aws4_request, {_REST}",
        ),
        ("x-amz-date", "20260101T000000Z"),
    ],
    "doubled": [("authorization", "x"), ("authorization", "y")],
}


class Inside:
    """An application that reads the body first and answers every request with 200."""

    def __init__(self, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        self.bodies: list[bytes] = []
        self._headers = headers or []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": b"inside"})


def _ask(
    scope: dict[str, Any], body: bytes = b"", inside: Inside | None = None
) -> tuple[int, dict[bytes, bytes], bytes]:
    return asyncio.run(_answer(scope, body, inside or Inside()))


async def _answer(scope: dict[str, Any], body: bytes, inside: Inside) -> tuple[int, dict[bytes, bytes], bytes]:
    door = Door(inside, SignatureVerifier(KEY, SECRET), frozenset({"127.0.0.1"}), lambda: datetime.now(UTC))
    pieces = [body[start : start + 65_536] for start in range(0, len(body), 65_536)] or [b""]
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting[-1]["more_body"] = False
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await door(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1].get("body", b"")


def _plain(method: str, target: str, *headers: tuple[str, str], host: str = HOST) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", host.encode()), *((name.encode(), value.encode()) for name, value in headers)],
    }


@pytest.mark.parametrize("service", services())
def test_no_operation_of_any_service_is_open(service: str) -> None:
    inside = Inside()

    async def walk() -> None:
        for operation in operations(service):
            for headers in UNAUTHORISED.values():
                status, _, _ = await _answer(_of(operation, headers), operation.body, inside)
                assert status >= 400, f"{operation} with {headers}"

    # One event loop for all operations: a new loop costs more than an answer.
    asyncio.run(walk())
    assert inside.bodies == []


def _of(operation: Operation, headers: list[tuple[str, str]]) -> dict[str, Any]:
    return _plain(operation.method, operation.target, *operation.headers, *headers)


def test_the_operations_belong_to_more_than_60_services() -> None:
    assert len(services()) > 60
    assert {"s3", "sqs", "sns", "dynamodb", "sts", "iam", "lambda"} <= set(services())


@pytest.mark.parametrize("authorisation", UNAUTHORISED.values(), ids=UNAUTHORISED.keys())
def test_health_is_open_to_everybody(authorisation: list[tuple[str, str]]) -> None:
    status, _, _ = _ask(_plain("GET", "/_ministack/health"))
    assert status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/health"),
        ("GET", "/_ministack/health/"),
        ("GET", "/_localstack/health"),
        ("POST", "/_aws/execute-api/x"),
        ("GET", "/_ministack/sqs/messages"),
        ("POST", "/%5fministack/reset"),
        ("POST", "/%5F%6dinistack/reset"),
        ("POST", "//_ministack/reset"),
        ("POST", "/%2f_ministack/reset"),
        ("GET", "/%5Fministack/health"),
    ],
)
def test_the_emulators_own_pages_are_closed_even_with_the_keys(method: str, path: str) -> None:
    assert _ask(_plain(method, path))[0] == 404
    assert _ask(_signed(method, path))[0] == 404


@pytest.mark.parametrize(
    "host", ["evil.example:4566", "127.0.0.1", "127.0.0.1.evil.example:4566", "127.0.0.1:", "bucket.127.0.0.1:4566", ""]
)
def test_a_foreign_host_is_refused(host: str) -> None:
    assert _ask(_plain("GET", "/_ministack/health", host=host))[0] == 403


def test_two_host_headers_are_refused() -> None:
    assert _ask(_plain("GET", "/_ministack/health", ("host", HOST)))[0] == 403


def test_a_websocket_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    door = Door(Inside(), SignatureVerifier(KEY, SECRET), frozenset({"127.0.0.1"}), lambda: datetime.now(UTC))
    asyncio.run(door({"type": "websocket", "path": "/"}, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_signed_upload_passes_whole() -> None:
    inside, body = Inside(), bytes(200_000)
    assert _ask(_signed("PUT", body=body), body, inside)[0] == 200
    assert inside.bodies == [body]


def test_a_body_other_than_the_signed_body_never_arrives_whole() -> None:
    inside = Inside()
    status, _, answer = _ask(_signed("PUT", body=b"one"), b"two", inside)
    assert (status, inside.bodies) == (400, [])
    assert b"XAmzContentSHA256Mismatch" in answer


def test_a_body_without_a_hash_header_is_verified_before_it_passes() -> None:
    inside, body = Inside(), b'{"TableName": "t"}'
    assert _ask(_signed("POST", "/", body, service="dynamodb"), body, inside)[0] == 200
    assert _ask(_signed("POST", "/", body, service="dynamodb"), b'{"TableName": "u"}', inside)[0] == 403
    assert inside.bodies == [body]


def test_a_body_in_memory_has_a_bound() -> None:
    body = bytes(MOST_HELD_BYTES + 1)
    assert _ask(_signed("POST", "/", body, service="sqs"), body)[0] == 413


def test_all_bodies_in_memory_have_a_common_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every link contains the id of the access key: anybody with a link can begin, but not sign, a request."""
    monkeypatch.setattr(request_head, "_large_bodies", request_head._LargeBodies(5 * SMALL_BYTES))
    large = 2 * SMALL_BYTES

    async def ask_all() -> list[bytes | DeniedError]:
        release = asyncio.Event()

        async def ask(size: int) -> bytes | DeniedError:
            waiting = [{"type": "http.request", "body": bytes(size), "more_body": True}]

            async def receive() -> Message:
                if waiting:
                    return waiting.pop()
                await release.wait()
                return {"type": "http.request", "body": b"", "more_body": False}

            try:
                return await read_body(receive)
            except DeniedError as refused:
                return refused

        tasks = [asyncio.create_task(ask(size)) for size in (large, large, large, SMALL_BYTES, large, SMALL_BYTES)]
        await asyncio.sleep(0)
        release.set()
        return [*[await task for task in tasks], await ask(large)]

    answers = [len(a) if isinstance(a, bytes) else (a.code, int(a.status)) for a in asyncio.run(ask_all())]
    slow_down = ("SlowDown", 503)
    assert answers == [large, large, slow_down, SMALL_BYTES, slow_down, SMALL_BYTES, large]


@pytest.mark.parametrize("service", ["sqs", "sns", "sts", "dynamodb"])
def test_a_compressed_body_is_refused(service: str) -> None:
    assert _ask(_signed("POST", "/", b"x", service=service, content_encoding="gzip"), b"x")[0] == 403
    assert _ask(_signed("POST", "/", b"x", service=service), b"x")[0] == 200


def test_a_presigned_url_passes() -> None:
    assert _ask(_presigned())[0] == 200


def _multipart(fields: dict[str, str], file: bytes) -> tuple[dict[str, Any], bytes]:
    parts = [
        f'--boundary\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n')
    scope = _plain("POST", "/bucket", ("content-type", "multipart/form-data; boundary=boundary"))
    return scope, b"".join(parts) + file + b"\r\n--boundary--\r\n"


def test_a_signed_form_passes_whole() -> None:
    inside = Inside()
    scope, body = _multipart(_form(), b"x" * 10)
    assert _ask(scope, body, inside)[0] == 200
    assert inside.bodies == [body]


def test_a_form_larger_than_its_policy_allows_is_refused() -> None:
    inside = Inside()
    scope, body = _multipart(_form(), bytes(1_000_000))
    status, _, answer = _ask(scope, body, inside)
    assert (status, inside.bodies) == (400, [])
    assert b"EntityTooLarge" in answer


@pytest.mark.parametrize(
    "fields",
    [{}, {"key": "a"}, _form("test"), _form(secret="wrong"), {**_form(), "KEY": "other"}, {"key": "x" * 100_000}],
    ids=["no fields", "unsigned", "a foreign key", "a wrong secret", "a field twice", "too large"],
)
def test_a_form_that_is_not_signed_is_refused(fields: dict[str, str]) -> None:
    inside = Inside()
    scope, body = _multipart(fields, bytes(1_000_000))
    assert _ask(scope, body, inside)[0] >= 400
    assert inside.bodies == []


@pytest.mark.parametrize(
    "path",
    [
        "/", "/other-bucket", "/bucket/key", "/bucket/%2e%2e/other-bucket", "//bucket", "/%62ucket/", "/health",
        "/login", "/_ministack/reset", "/%5fministack/reset", "/%5Fministack/config", "/000000000000/pixelfleet-bulk",
    ],
)  # fmt: skip
def test_a_signed_form_is_valid_for_its_bucket_only(path: str) -> None:
    """A client with a form that the dashboard signed does not have the keys."""
    inside = Inside()
    scope, body = _multipart(_form(), b"x")
    scope["raw_path"] = path.encode()
    assert _ask(scope, body, inside)[0] >= 400
    assert inside.bodies == []


@pytest.mark.parametrize(
    ("conditions", "bucket"),
    [
        ([{"bucket": "b1"}], "b1"),
        ([["eq", "$bucket", "b1"]], "b1"),
        ([{"key": "k"}, ["content-length-range", 1, 2]], None),
        ([["starts-with", "$bucket", ""]], None),
        ([{"bucket": "b1"}, {"bucket": "b2"}], None),
        ([{"bucket": 1}, ["eq", "$bucket"], ["eq"], None, "x"], None),
    ],
)
def test_bucket_of_returns_the_bucket_that_a_policy_names(conditions: list[object], bucket: str | None) -> None:
    assert bucket_of({"conditions": conditions}) == bucket


def test_a_form_with_a_target_header_is_refused() -> None:
    scope, body = _multipart(_form(), b"x")
    scope["headers"].append((b"x-amz-target", b"DynamoDB_20120810.Scan"))
    assert _ask(scope, body)[0] == 403


OWN = b"http://127.0.0.1:8080"


def _preflight(allowed: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    inside = Inside([(b"access-control-allow-origin", allowed), (b"access-control-allow-credentials", b"true")])
    asked = (("origin", OWN.decode()), ("access-control-request-method", "POST"))
    return _ask(_plain("OPTIONS", "/bucket", *asked), b"", inside)


def test_a_page_that_the_bucket_allows_may_read_answers() -> None:
    status, headers, _ = _preflight(OWN)
    assert (status, headers) == (200, {b"access-control-allow-origin": OWN})


def test_a_page_may_send_a_preflight_for_a_presigned_url() -> None:
    inside = Inside([(b"access-control-allow-origin", OWN)])
    scope = _plain("OPTIONS", "/bucket/key", ("origin", OWN.decode()), ("access-control-request-method", "PUT"))
    scope["query_string"] = b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=" + b"0" * 64
    status, headers, _ = _ask(scope, b"", inside)
    assert (status, headers) == (200, {b"access-control-allow-origin": OWN})


@pytest.mark.parametrize("allowed", [b"*", b"http://evil.example"])
def test_no_other_page_may_read_answers(allowed: bytes) -> None:
    status, headers, body = _preflight(allowed)
    assert (status, headers, body) == (403, {b"content-length": b"0"}, b"")


def test_an_answer_to_a_signed_request_has_no_cors_headers() -> None:
    inside = Inside([(b"Access-Control-Allow-Origin", b"*"), (b"Access-Control-Allow-Headers", b"*"), (b"etag", b"e")])
    status, headers, _ = _ask(_signed(), b"", inside)
    assert (status, headers) == (200, {b"etag": b"e"})
