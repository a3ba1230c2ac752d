"""Rate limits. Each process counts separately: with two processes behind a balancer, the limit is twice as high."""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

#: Buckets in memory. The bucket that was unused for the longest time is dropped first. It is full again by then.
MOST_BUCKETS: Final = 10_000
#: An address with a port, or an IPv6 address in brackets (RFC 3986, 3.2.2).
_WITH_PORT: Final = re.compile(r"\[(?P<six>[^\]]{2,64})\](?::[0-9]{1,5})?|(?P<four>[0-9.]{7,15}):[0-9]{1,5}")


def network_of(address: str) -> str:
    """The address itself, or of an IPv6 address the /64 network; an IPv4 address in IPv6 form counts as IPv4.

    A port does not count. Some proxies write a port: `192.0.2.7:4711`, `[2001:db8::1]:4711`.
    """
    host = _WITH_PORT.fullmatch(address)
    try:
        parsed = ip_address((host["six"] or host["four"] if host else address).partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))


@dataclass(frozen=True, slots=True)
class Allowance:
    """The answer to one request: whether it may pass, the requests left, and seconds until the bucket is full."""

    limit: int
    left: int
    reset: int

    @property
    def passes(self) -> bool:
        return self.left >= 0

    def headers(self) -> dict[str, str]:
        """The headers of the IETF draft "RateLimit header fields for HTTP", version 7."""
        headers = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.left, 0)),
            "RateLimit-Reset": str(self.reset),
        }
        return headers if self.passes else headers | {"Retry-After": str(max(self.reset, 1))}


class RateLimit:
    """A bucket of `limit` requests for each caller, filled again evenly over `seconds`."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._per_second = limit / seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> Allowance:
        now = self._clock()
        with self._lock:
            level, since = self._buckets.pop(caller, (float(self._limit), now))
            level = min(float(self._limit), level + (now - since) * self._per_second)
            passes = level >= 1
            level -= 1 if passes else 0
            self._buckets[caller] = (level, now)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        wait = (1 - level) / self._per_second if not passes else (self._limit - level) / self._per_second
        return Allowance(self._limit, int(level) if passes else -1, int(wait) + 1)
