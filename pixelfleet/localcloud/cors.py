"""Which web pages may read what the embedded cloud answers: those that the bucket's CORS configuration names.

ministack answers from that configuration for buckets, and with `*` for everything else.
"""

from http import HTTPStatus
from typing import Final

from pixelfleet.localcloud.request_head import Message, RequestHead, Send

_PREFIX: Final = b"access-control-"
_ORIGIN: Final = b"access-control-allow-origin"
#: A page needs no cookies here.
_CREDENTIALS: Final = b"access-control-allow-credentials"


def answer_own_pages(send: Send, head: RequestHead) -> Send:
    """Sends answers on, without the permission to read them unless it names the page that asks."""
    origins = [origin.encode() for origin in head.values("origin")]
    refused = False

    async def answer(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start":
            headers = [(bytes(name), bytes(value)) for name, value in message["headers"]]
            allowed = [value for name, value in headers if name.lower() == _ORIGIN]
            own = len(origins) == 1 and allowed == origins
            kept = [(name, value) for name, value in headers if _passes(name.lower(), own=own)]
            refused = head.method == "OPTIONS" and not own
            if refused:
                kept = [(b"content-length", b"0")]
            message = {**message, "headers": kept, "status": HTTPStatus.FORBIDDEN if refused else message["status"]}
        elif refused:
            message = {**message, "body": b""}
        await send(message)

    return answer


def _passes(name: bytes, *, own: bool) -> bool:
    return not name.startswith(_PREFIX) or (own and name != _CREDENTIALS)
