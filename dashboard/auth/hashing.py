"""Threads that hash passwords. Many sign-ins at once wait for these threads, and no other request waits for them.

The threads are always the same. An Argon2 hash takes 19 MB, which the C library keeps for each thread that hashed. In
the pool of all requests, many sign-ins at once left a gigabyte allocated.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, ParamSpec, TypeVar

from dashboard.problem import Problem
from pixelfleet.credentials.passwords import AT_ONCE

P = ParamSpec("P")
T = TypeVar("T")

#: Requests that wait for a thread. A further request is refused at once: its wait would be too long for a person.
MOST_WAITING: Final = 40
RETRY_SECONDS: Final = 5


class HashingThreads:
    """Makes calls in `threads` threads. `most_waiting` more calls may wait."""

    def __init__(self, threads: int, most_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hashing")
        self._most = threads + most_waiting
        self._unfinished = 0

    async def run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call from an event loop.

        Raises:
            Problem: too many calls wait.
        """
        if self._unfinished >= self._most:
            raise Problem(
                503,
                "too many people sign in at this moment; try again in some seconds",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        self._unfinished += 1
        call = self._pool.submit(copy_context().run, lambda: function(*arguments, **named))
        try:
            return await asyncio.wrap_future(call)
        finally:
            self._unfinished -= 1


_THREADS: Final = HashingThreads(AT_ONCE, MOST_WAITING)


async def in_hashing_thread(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Make a call that hashes a password. Raises Problem if too many calls wait."""
    return await _THREADS.run(function, *arguments, **named)
