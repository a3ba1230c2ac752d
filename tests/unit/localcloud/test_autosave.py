"""The embedded cloud's state is written while it works, and left alone while nobody asks anything of it."""

import asyncio

from pixelfleet.localcloud.autosave import Receive, Scope, Send, autosave


async def _answer(_scope: Scope, _receive: Receive, _send: Send) -> None:
    return


async def _receive() -> Scope:
    return {}


async def _send(_message: Scope) -> None:
    return


def _saves(requests: int, seconds: float, kind: str = "http") -> int:
    """How often it saves within so many seconds after so many requests, at an interval of 10 ms."""
    saved: list[float] = []

    async def scene() -> None:
        application = autosave(_answer, lambda: saved.append(1), interval=0.01)
        for _ in range(requests):
            await application({"type": kind}, _receive, _send)
            await asyncio.sleep(seconds / max(requests, 1))
        await asyncio.sleep(seconds)

    asyncio.run(scene())
    return len(saved)


def test_work_is_saved_again_and_again() -> None:
    assert _saves(requests=5, seconds=0.2) >= 2


def test_without_new_requests_one_saving_is_enough() -> None:
    assert _saves(requests=1, seconds=0.1) == 1


def test_starting_up_is_no_reason_to_save() -> None:
    assert _saves(requests=1, seconds=0.05, kind="lifespan") == 0
