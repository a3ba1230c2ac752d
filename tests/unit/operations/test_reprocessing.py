"""Reprocessing marks the record before it sends the job, and sends no job for a deleted image."""

from typing import Any

import pytest

from pixelfleet.domain.jobs import Lane, Origin
from pixelfleet.domain.records import RecipeRef, Status
from pixelfleet.operations.removal import delete_image
from pixelfleet.operations.reprocessing import reprocess
from tests.fakes.records import record
from tests.unit.operations.fakes import fake_deployment

CATALOG = RecipeRef(name="catalog", digest="c" * 64)


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def test_the_record_is_marked_before_its_job_is_sent(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png")
    seen = []
    deployment.queues.on_send = lambda _: seen.append(deployment.images.get(image.image_id))
    marked = reprocess(deployment, image, "anna", CATALOG)
    assert marked is not None
    [(lane, job)] = deployment.queues.sent
    assert (lane, job.origin, job.image_id) == (Lane.BULK, Origin.REPROCESS, image.image_id)
    assert [(one.status, one.chosen_recipe) for one in seen] == [(Status.QUEUED, CATALOG)]


def test_a_deleted_image_is_not_sent(deployment: Any) -> None:
    image = record(deployment, "me", "b1", "a.png")
    delete_image(deployment, image, "anna")
    assert reprocess(deployment, image, "anna") is None
    assert deployment.queues.sent == []
