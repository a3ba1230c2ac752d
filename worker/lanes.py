"""What a worker takes on from the lanes that it serves, told by `-Q`: time limits and concurrency."""

from collections.abc import Iterable
from typing import Any, Final

from celery.signals import celeryd_init

from pixelfleet.jobs import Lane
from pixelfleet.settings import Settings, load_settings

#: Seconds between the soft limit, which a task may still answer, and the hard one, which kills its process.
GRACE: Final = 30


@celeryd_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def fit_to_lanes(conf: Any, options: dict[str, Any], **_: Any) -> None:
    """Set the time limits of the lanes served, unless the command line gave its own."""
    lanes = served(options.get("queues"))
    conf.update(limits_for(lanes, load_settings()))
    if lanes == {Lane.HEAVY}:
        # One image of the heavy lane may need the memory of the whole task.
        conf.worker_concurrency = 1


def served(queues: Iterable[str] | None) -> set[Lane]:
    """The lanes among the queues of `-Q`; without it, Celery serves all that are declared."""
    known = {lane.value: lane for lane in Lane}
    return {known[name] for name in queues or known if name in known}


def limits_for(lanes: set[Lane], settings: Settings) -> dict[str, int]:
    """Celery's time limits in seconds: those of the most patient lane served."""
    seconds = max((settings.lanes[lane].time_limit for lane in lanes), default=settings.bulk_time_limit)
    return {"task_soft_time_limit": seconds, "task_time_limit": seconds + GRACE}
