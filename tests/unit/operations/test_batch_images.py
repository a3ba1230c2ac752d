"""The images of a batch that workers process at the same time: none is missed, and none is removed twice."""

from collections.abc import Iterator

import pytest

from pixelfleet.catalog.indexes import IndexEntry
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Status
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.operations.batch_images import in_flow
from pixelfleet.operations.removal import PRESENT
from tests.fakes.records import RECIPE, record
from tests.unit.operations.fakes import fake_deployment
from tests.unit.operations.reconcile.test_records import processing


@pytest.mark.parametrize(("again", "times"), [(False, 1), (True, 2)])
def test_an_image_that_becomes_ready_while_its_batch_is_listed_is_returned(again: bool, times: int) -> None:
    """A worker ends its attempt between two pages of the index."""
    deployment = fake_deployment()
    record(deployment, "me", "b1", "z.png")
    claimed = processing(deployment, "a.png")
    aim = Aim(claimed.job(Origin.EVENT), RECIPE, "r", "w", "2026-11-20T10:00:00.000Z")
    of_batch = deployment.images.of_batch

    read: list[Status] = []

    def slow(owner: str, batch: str, status: Status) -> Iterator[IndexEntry]:
        """A page is read when it is asked for; the attempt ends after the first page of the two statuses."""
        read.append(status)
        entries = list(of_batch(owner, batch, status)) if status is not Status.PROCESSING else late()
        return iter(entries)

    def late() -> Iterator[IndexEntry]:
        before = [] if Status.READY in read else list(of_batch("me", "b1", Status.PROCESSING))
        deployment.images.record_ready(aim.claimed(claimed), Success((), {}, {}))
        yield from before

    deployment.images.of_batch = slow
    paths = [image.path for image in in_flow(deployment.images, "me", "b1", PRESENT, again=again)]
    assert paths == ["a.png"] * times + ["z.png"]
