"""The settings of a worker that follow from the lanes of its `-Q`: time limits and concurrency."""

import os
from collections.abc import Iterable
from typing import Any, Final

from celery.signals import celeryd_init

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.settings import Settings, load_settings
from worker.app import app
from worker.protection import protect
from worker.retirement import watch_deployment

#: Seconds between the soft limit, which a task may still answer, and the hard one, which kills its process.
GRACE: Final = 30


@celeryd_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def fit_to_lanes(conf: Any, options: dict[str, Any], **_: Any) -> None:
    """Set the time limits of the lanes served, unless the command line gave its own."""
    lanes, settings = served(options.get("queues")), load_settings()
    conf.update(limits_for(lanes, settings))
    if Lane.HEAVY in lanes:
        # A message that waits here behind an image of hours is kept from all other workers.
        conf.worker_prefetch_multiplier = 1
    if lanes == {Lane.HEAVY}:
        # One image of the heavy lane may need the memory of the whole task.
        conf.worker_concurrency = 1
        protect(app, os.environ.get("ECS_AGENT_URI", ""), settings.heavy_time_limit)
        metadata_uri = os.environ.get("ECS_CONTAINER_METADATA_URI_V4", "")
        watch_deployment(app, metadata_uri, lambda: Deployment(settings, connections=1).ecs)


def served(queues: Iterable[str] | None) -> set[Lane]:
    """The lanes among the queues of `-Q`; without `-Q`, Celery serves all declared queues."""
    known = {lane.value: lane for lane in Lane}
    return {known[name] for name in queues or known if name in known}


def limits_for(lanes: set[Lane], settings: Settings) -> dict[str, int]:
    """Celery's time limits in seconds: the longest among the lanes served."""
    seconds = max((settings.lanes[lane].time_limit for lane in lanes), default=settings.bulk_time_limit)
    return {"task_soft_time_limit": seconds, "task_time_limit": seconds + GRACE}
