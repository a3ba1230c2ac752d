"""A bound for the body of every request to the embedded cloud: seconds without a byte, and bytes a second."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from pixelfleet.localcloud.request_head import DeniedError, Message, Receive

#: Seconds that a body may pause. S3 has such a limit, too ("RequestTimeout", Amazon S3 error responses).
PAUSE_SECONDS: Final = 60.0
#: Bytes a second that a body needs on the average, beside PAUSE_SECONDS for its start.
SLOWEST_RATE: Final = 1_000


def paced(receive: Receive, clock: Callable[[], float] | None = None) -> Receive:
    """The messages of a body, while they arrive fast enough.

    Raises:
        DeniedError: `RequestTimeout`, where nothing arrives for PAUSE_SECONDS, or less than SLOWEST_RATE
            on the average.
    """
    started: float | None = None
    size, whole = 0, False

    async def in_time() -> Message:
        nonlocal started, size, whole
        if whole:
            # What comes now is that the caller has gone.
            return await receive()
        time = clock or asyncio.get_running_loop().time
        now = time()
        started = now if started is None else started
        left = min(PAUSE_SECONDS, started + PAUSE_SECONDS + size / SLOWEST_RATE - now)
        try:
            async with asyncio.timeout(max(0.0, left)):
                message = await receive()
        except TimeoutError:
            raise DeniedError(
                "RequestTimeout",
                "The body did not arrive in time. Idle connections are closed.",
                HTTPStatus.BAD_REQUEST,
            ) from None
        size += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        return message

    return in_time
