"""The door of the embedded cloud: it passes only requests that are signed with the cloud's keys.

ministack 1.5.33, which is behind the door, takes a malformed `Authorization` header for the root's, serves dozens of
services and pages without a signature, and answers every web page (`Access-Control-Allow-Origin: *`). So this door
verifies every request, before ministack gets the request. A request passes when

- it asks for health;
- it has one `Authorization` header, or a presigned query, that `signatures.py` verifies, and the body that was signed;
- it is a form upload of a browser whose policy is signed;
- it is the preflight of a browser, on a page that the bucket's CORS configuration names.

`Host` has to name this machine: requests of a page whose foreign name resolves to this machine are refused. The port
may be another, since a forwarder on this machine (a tunnel, a proxy) passes on the address that its client called.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from pixelfleet.localcloud.claims import Claim, claim_of, is_hash, payload_hash_of
from pixelfleet.localcloud.cors import answer_own_pages
from pixelfleet.localcloud.environment import HEALTH
from pixelfleet.localcloud.forms import bucket_of, most_bytes, read_form_head
from pixelfleet.localcloud.request_head import (
    Application,
    DeniedError,
    Message,
    Receive,
    RequestHead,
    Scope,
    Send,
    capped,
    read_body,
)
from pixelfleet.localcloud.signatures import SignatureVerifier, hash_of
from pixelfleet.localcloud.slow_bodies import paced

#: Bytes of a form beside its file.
_FORM_OVERHEAD: Final = 100_000


@dataclass(frozen=True, slots=True)
class Door:
    """An ASGI application that verifies each request and passes it on to `inside`."""

    inside: Application
    verifier: SignatureVerifier
    hosts: frozenset[str]
    clock: Callable[[], datetime]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.inside(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered, receive = _Answered(send), paced(receive)
        service: str | None = None
        try:
            head = RequestHead.from_scope(scope)
            self._check_address(head)
            send_own = answer_own_pages(answered, head)
            # A browser's preflight is unsigned; a presigned address has its signature in the address.
            preflight = head.method == "OPTIONS" and head.single("origin") is not None
            claim = None if preflight else claim_of(head)
            service = claim.service if claim else None
            body = await self._admit(head, claim, receive)
            await self.inside(scope, body, send_own)
        except DeniedError as refused:
            if not answered.started:
                await _refuse(send, refused, service)

    def _check_address(self, head: RequestHead) -> None:
        name, _, port = (head.single("host") or "").rpartition(":")
        if name not in self.hosts or not port.isdigit():
            raise DeniedError("AccessDenied", "The Host header is not an address of the embedded cloud.")
        # The application behind the door gets the path decoded.
        own_page = unquote(head.raw_path).lstrip("/").startswith("_")
        if own_page and (head.raw_path, head.method) != (HEALTH, "GET"):
            raise DeniedError("AccessDenied", "There is nothing at this path.", HTTPStatus.NOT_FOUND)

    async def _admit(self, head: RequestHead, claim: Claim | None, receive: Receive) -> Receive:
        """The body for the application behind the door.

        Raises:
            DeniedError: the request is not authorised.
        """
        if claim is not None:
            return await self._admit_signed(head, claim, receive)
        if head.is_form:
            return await self._admit_form(head, receive)
        if head.raw_path == HEALTH or (head.method == "OPTIONS" and head.single("origin")):
            return _nothing
        raise DeniedError("AccessDenied", "The request is not signed.")

    async def _admit_signed(self, head: RequestHead, claim: Claim, receive: Receive) -> Receive:
        if claim.service != "s3" and head.single("content-encoding"):
            # The application behind the door would inflate the body, without a bound.
            raise DeniedError("InvalidRequest", "Send the body as it is, without Content-Encoding.")
        payload_hash = payload_hash_of(head, claim)
        if payload_hash is None:
            # The key is verified first: requests without the key make the door hold no body.
            self.verifier.check_key(claim)
            body = await read_body(receive)
            self.verifier.verify(head, claim, hash_of(body), self.clock())
            return _replay([{"type": "http.request", "body": body}], receive)
        self.verifier.verify(head, claim, payload_hash, self.clock())
        return _hashed(receive, payload_hash) if is_hash(payload_hash) else receive

    async def _admit_form(self, head: RequestHead, receive: Receive) -> Receive:
        if any(name.startswith("x-amz-") for name, _ in head.headers):
            raise DeniedError("AccessDenied", "There were headers present in the request which were not signed.")
        form = await read_form_head(head.single("content-type") or "", receive)
        policy = self.verifier.verify_form(form.fields, self.clock())
        # The signature covers the policy and not the path: at another path the form could be another call.
        if head.raw_path.removesuffix("/") != f"/{bucket_of(policy)}":
            raise DeniedError("AccessDenied", "The form is not for this path: it has to be posted to its bucket.")
        limit = most_bytes(policy)
        whole = _replay(form.messages, receive)
        return whole if limit is None else capped(whole, limit + _FORM_OVERHEAD, "The upload exceeds the size allowed.")


class _Answered:
    """Records whether an answer has begun: after the beginning, a refusal cannot be sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        self.started = True
        await self._send(message)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _replay(messages: list[Message], rest: Receive) -> Receive:
    waiting = iter(messages)

    async def receive() -> Message:
        for message in waiting:
            return message
        return await rest()

    return receive


def _hashed(receive: Receive, expected: str) -> Receive:
    """The body. The last piece is passed on only if the whole body has the signed hash."""
    digest = sha256()

    async def checked() -> Message:
        message = await receive()
        digest.update(message.get("body", b""))
        if message["type"] == "http.request" and not message.get("more_body") and digest.hexdigest() != expected:
            raise DeniedError(
                "XAmzContentSHA256Mismatch", "The body is not the one that was signed.", HTTPStatus.BAD_REQUEST
            )
        return message

    return checked


async def _refuse(send: Send, refused: DeniedError, service: str | None) -> None:
    content_type, body = _error(refused, service)
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        # The body of the request may be unread: the rest must not be taken for another request.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(refused.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _error(refused: DeniedError, service: str | None) -> tuple[bytes, bytes]:
    """The error in the format of the service."""
    if service in {"dynamodb", "sqs"}:
        return b"application/x-amz-json-1.0", json.dumps({"__type": refused.code, "message": str(refused)}).encode()
    error = f"<Error><Code>{refused.code}</Code><Message>{escape(str(refused))}</Message></Error>"
    if service in {"sns", "sts"}:
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return b"application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'.encode()
