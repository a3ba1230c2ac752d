"""Threads for what hashes a password: a crowd of sign-ins waits for these, and no other request waits with it."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import anyio.to_thread
from anyio import CapacityLimiter
from anyio.lowlevel import current_token

from pixelfleet.credentials.passwords import AT_ONCE

P = ParamSpec("P")
T = TypeVar("T")

#: One for each event loop, which a limiter belongs to.
_LIMITERS: Final[WeakKeyDictionary[object, CapacityLimiter]] = WeakKeyDictionary()


async def in_hashing_thread(function: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> T:
    limiter = _LIMITERS.setdefault(current_token(), CapacityLimiter(AT_ONCE))
    return await anyio.to_thread.run_sync(function, *arguments, limiter=limiter)
