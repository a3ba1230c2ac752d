"""Finding what a caller asks for, where what is another owner's is not there at all."""

from dashboard.callers import Caller
from dashboard.filters import EVERYBODY
from dashboard.problem import Problem
from dashboard.site import Site
from pixelfleet.domain.records import Batch, Image, Status
from pixelfleet.uploads import batch_prefix


def image_for(site: Site, caller: Caller, image_id: str) -> Image:
    """Raises Problem 404: there is none, it is deleted, or it is another owner's."""
    image = record_for(site, caller, image_id)
    if image.status is Status.DELETED:
        raise Problem(404, f"the image {image_id[:64]!r} is deleted")
    return image


def record_for(site: Site, caller: Caller, image_id: str) -> Image:
    """The record of an image, also of a deleted one. Raises Problem 404: there is none, or it is another owner's."""
    image = site.deployment.images.get(image_id)
    if image is None or not caller.may_see(image.owner):
        raise Problem(404, f"there is no image {image_id[:64]!r}")
    return image


def owners_for(caller: Caller, owner: str | None) -> str:
    """As `owner_for`; an operator may mean all owners. Raises Problem 404."""
    if owner == EVERYBODY and caller.is_operator:
        return EVERYBODY
    return owner_for(caller, owner)


def owner_for(caller: Caller, owner: str | None) -> str:
    """Whose things are meant: the caller's own unless an operator says otherwise. Raises Problem 404."""
    if owner is None or caller.may_see(owner):
        return owner or caller.name
    raise Problem(404, f"there is no owner {owner[:64]!r}")


def batch_for(caller: Caller, owner: str, name: str) -> None:
    """Raises Problem 404 for a batch of another owner, SetupError for what cannot be a batch's name."""
    if not caller.may_see(owner):
        raise Problem(404, f"there is no batch {f'{owner}/{name}'[:200]!r}")
    batch_prefix(owner, name)


def batch_of(site: Site, caller: Caller, owner: str, name: str) -> Batch:
    """Raises Problem 404 for a batch that is not there, or is another owner's."""
    batch_for(caller, owner, name)
    batch = site.deployment.batches.get(owner, name)
    if batch is None:
        raise Problem(404, f"there is no batch {f'{owner}/{name}'[:200]!r}")
    return batch
