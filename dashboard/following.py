"""The topics that a page can follow, and the state of each topic.

| topic | state | users who may follow it |
| --- | --- | --- |
| `batch:<owner>/<name>` | its counts | users who may see the batch |
| `image:<id>` | status and version of the record | users who may see the image; else the image is `gone` |
| `task:<id>` | a background task's state, message and counts | the user who began the task, operators |
| `fleet` | a tick every five seconds | operators |

A settled state no longer changes by itself.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dashboard.access import batch_of, may_see_task
from dashboard.callers import Caller
from dashboard.problem import Problem
from dashboard.site import Site
from pixelfleet.domain.records import BatchState, Status

#: The most topics of one stream: the tiles of a page and some more.
MOST_TOPICS: Final = 100
#: Seconds between two ticks of the fleet.
TICK: Final = 5
_WAITING: Final = frozenset({Status.QUEUED, Status.PROCESSING})
_KINDS: Final = ("batch", "image", "task", "fleet")
_TOPIC: Final = re.compile(r"batch:[^/]+/.+|image:[a-z2-7]{32}|task:[\w-]{1,64}|fleet")


@dataclass(frozen=True, slots=True)
class State:
    """The state of a topic, as JSON."""

    fields: dict[str, Any] = field(default_factory=dict)
    settled: bool = False


def admit(site: Site, caller: Caller, topics: Sequence[str]) -> list[str]:
    """The topics, each once.

    Raises:
        Problem: 400 for a text that is no topic, 404 for a topic that the caller may not see.
    """
    for topic in topics:
        kind, _, rest = topic.partition(":")
        if not _TOPIC.fullmatch(topic):
            raise Problem(400, f"{topic[:80]!r} cannot be followed")
        if kind == "batch":
            batch_of(site, caller, *_batch(rest))
        elif kind == "fleet" and not caller.is_operator:
            raise Problem(404, "there is no such page")
        elif kind == "task" and not caller.is_operator:
            task = site.deployment.background_tasks.get(topic.partition(":")[2])
            if task is None or not may_see_task(caller, task):
                raise Problem(404, "there is no such page")
    return list(dict.fromkeys(topics))


def states(
    site: Site, caller: Caller, topics: Iterable[str], clock: Callable[[], float] = time.time
) -> dict[str, State]:
    """The present state of each topic. Images are read together.

    Raises:
        TransientError: storage does not answer.
    """
    by_kind: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for topic in topics:
        kind, _, rest = topic.partition(":")
        by_kind[kind].append(rest)
    states = {f"batch:{name}": _batch_state(site, *_batch(name)) for name in by_kind["batch"]}
    states |= _image_states(site, caller, by_kind["image"])
    states |= {f"task:{task}": _task_state(site, task) for task in by_kind["task"]}
    if by_kind["fleet"]:
        states["fleet"] = State({"tick": int(clock() // TICK)})
    return states


def _batch(rest: str) -> tuple[str, str]:
    owner, _, name = rest.partition("/")
    return owner, name


def _batch_state(site: Site, owner: str, name: str) -> State:
    batch = site.deployment.batches.get(owner, name)
    # The counts are read after the batch. A page stops listening only when they are complete.
    counts = site.deployment.batches.counts(owner, name)
    expected = batch.expected if batch else None
    completed = batch is not None and batch.state is BatchState.COMPLETE and counts.accounted >= (expected or 0)
    fields = {"ready": counts.ready, "failed": counts.failed, "deleted": counts.deleted, "expected": expected}
    return State(fields, completed)


def _image_states(site: Site, caller: Caller, image_ids: list[str]) -> dict[str, State]:
    if not image_ids:
        return {}
    images = site.deployment.images.get_many(image_ids)
    seen = {image.image_id: image for image in images.values() if caller.may_see(image.owner)}
    gone = State({"status": "gone"}, settled=True)
    return {
        f"image:{image_id}": State(
            {"status": seen[image_id].status.value, "version": seen[image_id].version},
            seen[image_id].status not in _WAITING,
        )
        if image_id in seen
        else gone
        for image_id in image_ids
    }


def _task_state(site: Site, task_id: str) -> State:
    task = site.deployment.background_tasks.get(task_id)
    if task is None:
        return State({"state": "gone"}, settled=True)
    return State({"state": task.state.value, "message": task.message, "counts": task.counts}, task.settled)
