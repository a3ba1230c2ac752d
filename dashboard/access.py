"""Look-ups for a caller. Images and batches of other owners do not exist for the caller."""

from typing import Final

from dashboard.callers import Caller
from dashboard.problem import Problem
from dashboard.site import Site
from pixelfleet.catalog.background import BackgroundTask
from pixelfleet.domain.image_filters import EVERYBODY
from pixelfleet.domain.records import Batch, Image, Status
from pixelfleet.operations.adoption.adopted import AdoptedBucket, adopted_buckets
from pixelfleet.uploads import batch_prefix

#: The latest background tasks of everybody, among which the tasks of a caller are looked for.
LATEST_TASKS: Final = 50
#: Characters of the longest id that is looked up. DynamoDB refuses keys of 2,048 bytes and more.
_LONGEST_ID: Final = 128


def image_for(site: Site, caller: Caller, image_id: str) -> Image:
    """Raises Problem 404: the image does not exist, is deleted, or belongs to another owner."""
    image = record_for(site, caller, image_id)
    if image.status is Status.DELETED:
        raise Problem(404, f"the image {image_id[:64]!r} is deleted")
    return image


def record_for(site: Site, caller: Caller, image_id: str) -> Image:
    """The record of an image, also of a deleted one. Raises Problem 404: there is none, or it is of another owner."""
    image = site.deployment.images.get(image_id) if len(image_id) <= _LONGEST_ID else None
    if image is None or not caller.may_see(image.owner):
        raise Problem(404, f"there is no image {image_id[:64]!r}")
    return image


def adopted_bucket(site: Site, name: str) -> AdoptedBucket:
    """A bucket that was adopted, or has routes. Raises Problem 404: there is no such bucket."""
    for bucket in adopted_buckets(site.deployment):
        if bucket.name == name:
            return bucket
    raise Problem(404, f"no adopted bucket is called {name[:64]!r}")


def owners_for(caller: Caller, owner: str | None) -> str:
    """As `owner_for`; an operator may choose all owners. Raises Problem 404."""
    if owner == EVERYBODY and caller.is_operator:
        return EVERYBODY
    return owner_for(caller, owner)


def owner_for(caller: Caller, owner: str | None) -> str:
    """The owner of a request: the caller, unless an operator names another owner. Raises Problem 404."""
    if owner is None or caller.may_see(owner):
        return owner or caller.name
    raise Problem(404, f"there is no owner {owner[:64]!r}")


def batch_for(caller: Caller, owner: str, name: str) -> None:
    """Raises Problem 404 for a batch of another owner, SetupError for a text that is no batch's name."""
    if not caller.may_see(owner):
        raise Problem(404, f"there is no batch {f'{owner}/{name}'[:200]!r}")
    batch_prefix(owner, name)


def batch_of(site: Site, caller: Caller, owner: str, name: str) -> Batch:
    """Raises Problem 404: the batch does not exist, or belongs to another owner."""
    batch_for(caller, owner, name)
    batch = site.deployment.batches.get(owner, name)
    if batch is None:
        raise Problem(404, f"there is no batch {f'{owner}/{name}'[:200]!r}")
    return batch


def background_tasks_for(site: Site, caller: Caller) -> list[BackgroundTask]:
    """The caller's tasks among the latest of everybody, newest first; for an operator all of these."""
    latest = site.deployment.background_tasks.recent(LATEST_TASKS)
    return [task for task in latest if may_see_task(caller, task)]


def may_see_task(caller: Caller, task: BackgroundTask) -> bool:
    """Whether the caller began the task, may see everything, or owns all images of the rollout."""
    owner = task.rollout.owner if task.rollout is not None else None
    return caller.may_see(task.who) or (owner is not None and caller.may_see(owner))


def background_task_for(site: Site, caller: Caller, task_id: str) -> BackgroundTask:
    """Raises Problem 404: the task does not exist, or the caller may not see it."""
    task = site.deployment.background_tasks.get(task_id) if len(task_id) <= _LONGEST_ID else None
    if task is None or not may_see_task(caller, task):
        kept = "tasks are kept for 30 days, rollouts for 400"
        raise Problem(404, f"there is no background task {task_id[:64]!r}; {kept}")
    return task
