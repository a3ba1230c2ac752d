"""The topics of a page as server-sent events, while the page is in sight and work is under way."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from dashboard.callers import Caller, PageCaller
from dashboard.following import MOST_TOPICS, State, admit, states
from dashboard.problem import Problem
from dashboard.site import Site, site_of
from pixelfleet.errors import TransientError

router = APIRouter()

#: Seconds between two reads, between two signs of life, and until the browser must connect again: by then the session
#: may have ended.
_LOOK_EVERY: Final = 1.0
_ALIVE_EVERY: Final = 15.0
_LONGEST: Final = 600.0
#: Streams of this process at once; each costs a read a second.
MOST_STREAMS: Final = 200


#: Streams of one user at once: one for each tab, and some more. A tab that is not in sight has no stream.
MOST_OF_ONE: Final = 6


class _Streams:
    """The number of streams of each user."""

    open: ClassVar[Counter[str]] = Counter()


@router.get("/events")
def events(
    request: Request, caller: PageCaller, follow: Annotated[list[str], Query(min_length=1, max_length=MOST_TOPICS)]
) -> StreamingResponse:
    """Every topic's state at first, then each change. The stream ends when all topics are settled; see `following`."""
    site = site_of(request)
    topics = admit(site, caller, follow)
    if _Streams.open[caller.name] >= MOST_OF_ONE:
        raise Problem(429, f"{MOST_OF_ONE} pages of yours are live already; close a tab", headers={"Retry-After": "10"})
    if _Streams.open.total() >= MOST_STREAMS:
        raise Problem(503, "too many people are watching; load the page again", headers={"Retry-After": "10"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_follow(site, caller, topics), media_type="text/event-stream", headers=headers)


async def _follow(site: Site, caller: Caller, topics: Sequence[str]) -> AsyncIterator[str]:
    # Simultaneous requests are all admitted before the first stream begins. Here, in the event loop, they are counted
    # one after the other; a refused browser connects again later.
    if _Streams.open[caller.name] >= MOST_OF_ONE or _Streams.open.total() >= MOST_STREAMS:
        return
    _Streams.open[caller.name] += 1
    try:
        started, spoke = time.monotonic(), time.monotonic()
        last: dict[str, State] = {}
        while time.monotonic() - started < _LONGEST:
            present = await asyncio.to_thread(_look, site, caller, topics)
            changed = {topic: state for topic, state in present.items() if last.get(topic) != state}
            last |= changed
            for topic, state in changed.items():
                yield _event(topic, state)
            if changed:
                spoke = time.monotonic()
            elif time.monotonic() - spoke > _ALIVE_EVERY:
                spoke = time.monotonic()
                yield ": still here\n\n"
            if last and all(state.settled for state in last.values()):
                return
            await asyncio.sleep(_LOOK_EVERY)
    finally:
        _Streams.open[caller.name] -= 1
        _Streams.open += Counter()  # removes users without a stream


def _look(site: Site, caller: Caller, topics: Sequence[str]) -> dict[str, State]:
    """The states. Empty while storage does not answer; the next read may succeed."""
    try:
        return states(site, caller, topics)
    except TransientError:
        return {}


def _event(topic: str, state: State) -> str:
    data = json.dumps({"topic": topic, "state": state.fields, "settled": state.settled})
    return f"event: change\ndata: {data}\n\n"
