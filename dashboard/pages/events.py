"""A batch's progress as server-sent events, for pages that are looked at while work is under way."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from dashboard.access import batch_of
from dashboard.callers import PageCaller
from dashboard.problem import Problem
from dashboard.site import Site, site_of
from pixelfleet.domain.records import BatchState
from pixelfleet.errors import TransientError

router = APIRouter()

#: Seconds between two looks, between two signs of life, and until the browser is to ask anew: by then the session may
#: have ended.
_LOOK_EVERY: Final = 1.0
_ALIVE_EVERY: Final = 15.0
_LONGEST: Final = 600.0
#: Streams of this process at once; each costs a look a second.
MOST_STREAMS: Final = 200


#: Streams of one user at once: a tab each, and some.
MOST_OF_ONE: Final = 6


class _Streams:
    """How many there are, of each user."""

    open: ClassVar[Counter[str]] = Counter()


@router.get("/batches/{owner}/{name}/events")
def batch_events(request: Request, caller: PageCaller, owner: str, name: str) -> StreamingResponse:
    site = site_of(request)
    batch_of(site, caller, owner, name)
    if _Streams.open[caller.name] >= MOST_OF_ONE:
        raise Problem(429, f"you watch {MOST_OF_ONE} batches already; close a tab", headers={"Retry-After": "10"})
    if _Streams.open.total() >= MOST_STREAMS:
        raise Problem(503, "too many people are watching; load the page again", headers={"Retry-After": "10"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_follow(site, caller.name, owner, name), media_type="text/event-stream", headers=headers)


async def _follow(site: Site, user: str, owner: str, name: str) -> AsyncIterator[str]:
    _Streams.open[user] += 1
    try:
        started, spoke, last = time.monotonic(), time.monotonic(), ""
        while time.monotonic() - started < _LONGEST:
            progress = await asyncio.to_thread(_progress, site, owner, name)
            if progress and progress != last:
                last, spoke = progress, time.monotonic()
                yield f"event: progress\ndata: {progress}\n\n"
            elif time.monotonic() - spoke > _ALIVE_EVERY:
                spoke = time.monotonic()
                yield ": still here\n\n"
            if '"completed": true' in last:
                return
            await asyncio.sleep(_LOOK_EVERY)
    finally:
        _Streams.open[user] -= 1
        _Streams.open += Counter()  # forgets who has none


def _progress(site: Site, owner: str, name: str) -> str:
    """One line of JSON; empty while storage does not answer, which the next look may find mended."""
    try:
        batch = site.deployment.batches.get(owner, name)
        counts = site.deployment.batches.counts(owner, name)
    except TransientError:
        return ""
    expected = batch.expected if batch else None
    # The counts are read after the batch; a page stops listening only when they are whole.
    completed = batch is not None and batch.state is BatchState.COMPLETE and counts.accounted >= (expected or 0)
    progress = {
        "ready": counts.ready,
        "failed": counts.failed,
        "deleted": counts.deleted,
        "expected": expected,
        "completed": completed,
    }
    return json.dumps(progress)
