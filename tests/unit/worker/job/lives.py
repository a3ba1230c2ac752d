"""Deaths of workers and repeated work, for the tests of a job."""

import pytest

from pixelfleet.domain.jobs import Job, Origin
from pixelfleet.domain.records import Image, RecipeRef
from pixelfleet.errors import Cause, TransientError
from pixelfleet.recipes import builtin
from tests.unit.worker.job.desk import Desk, raiser

CATALOG = RecipeRef(name="catalog", digest=builtin("catalog").digest)
WEB = RecipeRef(name="web", digest=builtin("web").digest)
S3_IS_DOWN = TransientError(Cause.UNAVAILABLE, "S3 is down")


class WorkerDies(BaseException):
    """Stands for a SIGKILL."""


def again(desk: Desk, job: Job, recipe: RecipeRef | None = None) -> Job:
    """Queue the image to be processed again. Returns the queued job."""
    marked = desk.deployment.images.queue_again(desk.image(job), "me", Origin.REPROCESS, recipe)
    assert isinstance(marked, Image)
    return marked.job(Origin.REPROCESS)


def dies_before_it_announces(desk: Desk, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(desk.deployment.notices, "image", raiser(WorkerDies()))
        with pytest.raises(WorkerDies):
            desk.do(job)
