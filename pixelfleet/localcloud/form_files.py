"""The file of a browser's form upload is written to disk as it arrives.

ministack reads a form as a whole, in memory. So ministack gets the form with a random placeholder in place of the
file's content; `object_files.py` replaces the placeholder by the file on disk.
"""

import logging
import secrets
from http import HTTPStatus
from typing import Final

from pixelfleet.localcloud.forms import FormParts
from pixelfleet.localcloud.request_head import Application, DeniedError, Message, Receive, RequestHead, Scope, Send
from pixelfleet.localcloud.spool import Disk, SpoolFile

_LENGTHS: Final = (b"content-length", b"transfer-encoding")

_log = logging.getLogger(__name__)


def with_form_files(application: Application, disk: Disk) -> Application:
    """An ASGI application behind the door: forms are signed, and their fields are bounded."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        head = RequestHead.from_scope(scope) if scope["type"] == "http" else None
        if head is None or not head.is_form:
            await application(scope, receive, send)
            return
        content_type = head.single("content-type") or ""
        try:
            form, file = await _read(content_type, receive, disk)
        except OSError as error:
            _log.error("a form was refused: %s", error)
            raise DeniedError(
                "ServiceUnavailable", "This machine's disk did not take the file.", HTTPStatus.SERVICE_UNAVAILABLE
            ) from None
        placeholder = secrets.token_hex(32).encode()
        body = bytes(form.head) + placeholder + b"\r\n--" + form.boundary + b"--\r\n"
        headers = [(name, value) for name, value in scope["headers"] if name.lower() not in _LENGTHS]
        headers.append((b"content-length", str(len(body)).encode()))

        async def once() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        disk.form_files[placeholder] = file
        try:
            await application({**scope, "headers": headers}, once, send)
        finally:
            disk.form_files.pop(placeholder).discard()

    return handle


async def _read(content_type: str, receive: Receive, disk: Disk) -> tuple[FormParts, SpoolFile]:
    """Raises OSError when the disk does not take the file, DeniedError for a form that breaks off."""
    with disk.spooling() as spooling:
        form = FormParts(content_type, spooling.write)
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise DeniedError("IncompleteBody", "The body did not arrive.", HTTPStatus.BAD_REQUEST)
            form.feed(message.get("body", b""))
            if not message.get("more_body"):
                break
        if not form.whole:
            raise DeniedError("IncompleteBody", "The form has no end.", HTTPStatus.BAD_REQUEST)
        return form, spooling.end()
