"""The state of the embedded cloud is saved while requests arrive, and is not saved while no request arrives."""

import asyncio
import errno
from collections.abc import Callable, Coroutine

import pytest

from pixelfleet.localcloud.autosave import INTERVAL, SHARE, autosave
from pixelfleet.localcloud.request_head import Application, Scope
from tests.clock import Clock


async def _answer(_scope: Scope, _receive: object, _send: object) -> None:
    return


async def _receive() -> Scope:
    return {}


async def _send(_message: Scope) -> None:
    return


class Scene:
    """An application with autosave; the test ends its pauses."""

    def __init__(self, seconds_a_save: float = 0.0) -> None:
        self.clock = Clock()
        self.saves = 0
        self.disk_is_full = False
        self.pauses: list[float] = []
        self._seconds = seconds_a_save
        self._go_on = asyncio.Event()
        self._application: Application = autosave(_answer, self._save, self.clock, self._sleep)

    def _save(self) -> None:
        if self.disk_is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.saves += 1
        self.clock.now += self._seconds

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._go_on.clear()
        await self._go_on.wait()

    async def request(self, kind: str = "http") -> None:
        await self._application({"type": kind}, _receive, _send)
        await _let_others_run()

    async def pause_ends(self) -> None:
        self._go_on.set()
        await _let_others_run()


async def _let_others_run() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def play(scene: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scene())


def test_the_state_is_saved_again_after_each_new_request() -> None:
    async def scene() -> None:
        cloud = Scene()
        for saves in range(3):
            await cloud.request()
            assert cloud.saves == saves
            await cloud.pause_ends()
            assert cloud.saves == saves + 1
        assert cloud.pauses == [INTERVAL] * 4

    play(scene)


def test_the_state_is_saved_once_without_new_requests() -> None:
    async def scene() -> None:
        cloud = Scene()
        await cloud.request()
        for _ in range(3):
            await cloud.pause_ends()
        assert cloud.saves == 1
        await cloud.request()
        assert cloud.saves == 2

    play(scene)


def test_a_longer_pause_follows_a_long_save() -> None:
    async def scene() -> None:
        cloud = Scene(seconds_a_save=10.0)
        await cloud.request()
        await cloud.pause_ends()
        assert cloud.pauses == [INTERVAL, SHARE * 10.0]

    play(scene)


def test_the_start_of_the_server_does_not_cause_a_save() -> None:
    async def scene() -> None:
        cloud = Scene()
        await cloud.request("lifespan")
        await cloud.pause_ends()
        assert (cloud.saves, cloud.pauses) == (0, [])

    play(scene)


def test_a_full_disk_is_logged_and_the_next_save_writes_the_state(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        cloud = Scene()
        await cloud.request()
        cloud.disk_is_full = True
        for _ in range(3):
            await cloud.pause_ends()
        cloud.disk_is_full = False
        assert cloud.saves == 0
        await cloud.pause_ends()
        assert cloud.saves == 1
        await cloud.pause_ends()
        assert cloud.saves == 1

    play(scene)
    assert [record.getMessage() for record in caplog.records] == [
        "the state was not saved, and is saved again in a minute: [Errno 28] No space left on device"
    ] * 3
