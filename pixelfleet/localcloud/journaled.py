"""An ASGI application whose DynamoDB writes are in a journal before they are carried out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from pixelfleet.localcloud.claims import claim_of
from pixelfleet.localcloud.journal import CloudJournal, Write, is_write
from pixelfleet.localcloud.request_head import (
    Application,
    DeniedError,
    Message,
    Receive,
    RequestHead,
    Scope,
    Send,
    read_body,
)

_log = logging.getLogger(__name__)


def journaled(application: Application, journal: Callable[[], CloudJournal]) -> Application:
    """Behind the door: every request is verified, and its body is within the door's bound.

    `journal` gives the current one.
    """

    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        head = RequestHead.from_scope(scope) if scope["type"] == "http" else None
        target = head.single("x-amz-target") if head else None
        if head is None or target is None or not is_write(target):
            await application(scope, receive, send)
            return
        body = await read_body(receive)
        claim = claim_of(head)
        try:
            journal().append(Write(target, claim.region if claim else "", body))
        except OSError as error:
            _log.error("a write was refused: %s", error)
            raise DeniedError(
                "ServiceUnavailable", "This machine's disk did not take the write.", HTTPStatus.SERVICE_UNAVAILABLE
            ) from None

        async def once() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        # Nothing is awaited between the journal and the table: the order is the same.
        await application(scope, once, send)

    return recorded


async def keep_synced(
    journal: Callable[[], CloudJournal], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Sync the journal to the disk once a second."""
    while True:
        await sleep(1.0)
        try:
            await asyncio.to_thread(journal().sync)
        except (OSError, ValueError) as error:
            _log.error("the journal was not synced: %s", error)
