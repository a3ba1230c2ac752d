"""The web pages that may read answers of the embedded cloud: the pages that the bucket's CORS configuration names.

For buckets, ministack answers from this configuration; for everything else, with `*`.
"""

from http import HTTPStatus
from typing import Final

from pixelfleet.localcloud.request_head import Message, RequestHead, Send

_PREFIX: Final = b"access-control-"
_ORIGIN: Final = b"access-control-allow-origin"
#: A page needs no cookies here.
_CREDENTIALS: Final = b"access-control-allow-credentials"


def answer_own_pages(send: Send, head: RequestHead) -> Send:
    """Passes answers on. Removes the permission to read an answer, unless it names the page that asks."""
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
