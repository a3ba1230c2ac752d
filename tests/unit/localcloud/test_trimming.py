"""Memory is released after a request with a large body, even if the request fails, and not after a small body."""

import asyncio
from typing import Any

import pytest

from pixelfleet.localcloud.request_head import Message
from pixelfleet.localcloud.trimming import LARGE, trim, with_trimming


def _given_back(size: int, error: Exception | None = None) -> int:
    calls: list[int] = []
    pieces = iter([size // 2, size - size // 2])

    async def inside(_scope: Any, receive: Any, _send: Any) -> None:
        for _ in range(2):
            await receive()
        assert calls == []
        if error:
            raise error

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(next(pieces)), "more_body": True}

    async def ask() -> None:
        nothing: Any = None
        await with_trimming(inside, lambda: calls.append(1))({"type": "http"}, receive, nothing)

    if error:
        with pytest.raises(type(error)):
            asyncio.run(ask())
    else:
        asyncio.run(ask())
    return len(calls)


@pytest.mark.parametrize(("size", "times"), [(10, 0), (LARGE - 1, 0), (LARGE, 1), (8 << 20, 1)])
def test_memory_is_released_only_after_large_bodies(size: int, times: int) -> None:
    assert _given_back(size) == times


def test_memory_is_released_after_a_failed_request() -> None:
    assert _given_back(LARGE, ValueError("x")) == 1


def test_a_call_of_trim_raises_no_error() -> None:
    trim()
