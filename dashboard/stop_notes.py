"""What stops and what stays when somebody stops a background task, in the words of its page."""

from typing import Final

from dashboard.background import COUNT_OUTDATED, COUNT_TOUCHED, MAKE_OUTDATED
from pixelfleet.catalog.background import BackgroundTask

#: For the kinds of tasks that do not go from image to image.
_STOPS: Final = {
    "redrive": "The redrive stops after at most ten more jobs. Jobs that are sent again stay sent.",
    "purge": "The purge stops after at most ten messages. Deleted dead letters are gone, others stay in the queues.",
    "rollout": "The rollout stops soon. Images that it made keep their new results; the same command goes on.",
    COUNT_OUTDATED: "The count stops. The numbers so far stay on this page, and no image was changed.",
    MAKE_OUTDATED: "The task stops after at most a thousand more objects. Images that are queued are made again.",
    COUNT_TOUCHED: "The count stops. The numbers so far stay on this page, and no image was changed.",
}


def stop_in_words(task: BackgroundTask) -> str:
    """What stops and what stays, for the person who stops a task."""
    usual = f"“{task.kind[:1].upper()}{task.kind[1:]}” stops after its present image. Finished images stay finished."
    return _STOPS.get(task.kind, usual)
