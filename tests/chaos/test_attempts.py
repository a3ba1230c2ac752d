"""An image whose worker is killed at every attempt: counted attempts, recorded failure, dead letter, redrive."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Pillow

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause
from pixelfleet.localcloud.emulator import Emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import pump_program, worker_program
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.operations.dead_letter_passes import drop_settled
from pixelfleet.operations.failures import Selection, select
from pixelfleet.operations.redrive import Redrive
from pixelfleet.settings import load_settings
from tests.e2e.conftest import enter
from tests.waiting import eventually

KEY = "uploads/me/b1/deadly.png"
ATTEMPTS = 2


@pytest.fixture
def deadly(cloud: Emulator, cloud_folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A deployment that allows two attempts."""
    environment = cloud.environment(cloud_folder.scratch) | {
        "PIXELFLEET_PREFIX": f"t{uuid.uuid4().hex[:12]}",
        "PIXELFLEET_MAX_ATTEMPTS": str(ATTEMPTS),
    }
    enter(environment, monkeypatch)
    settings = load_settings()
    provision(settings)
    with ProcessSupervisor() as processes:
        processes.start(pump_program(environment, cloud_folder))
        processes.start(worker_program(Lane.BULK, 1, environment, cloud_folder))
        yield Deployment(settings)


def claimed_by(image: Image | None, attempt: int) -> int | None:
    """The pid of the process that works on this attempt now."""
    if image is None or image.status is not Status.PROCESSING or image.attempts != attempt:
        return None
    return int(image.attempt_log[-1].worker.rpartition(":")[2])


@pytest.mark.slow
def test_an_image_that_kills_its_worker_every_time_is_failed_as_crashed_and_can_be_redriven(
    deadly: Deployment, tmp_path: Path
) -> None:
    # The image is large enough that the test sees the attempt in the record before the attempt ends.
    Pillow.linear_gradient("L").resize((9_000, 9_000)).save(tmp_path / "deadly.png", compress_level=1)
    deadly.s3.upload_file(str(tmp_path / "deadly.png"), deadly.settings.uploads_bucket, KEY)
    identity = image_id(deadly.settings.uploads_bucket, KEY)

    for attempt in range(1, ATTEMPTS + 1):
        pid = eventually(lambda: claimed_by(deadly.images.get(identity), attempt))  # noqa: B023 - waited for here
        os.kill(pid, signal.SIGKILL)

    failed = eventually(lambda: i if (i := deadly.images.get(identity)) and i.status is Status.FAILED else None)
    assert (failed.cause, failed.attempts) == (Cause.CRASHED, ATTEMPTS)
    dead = deadly.settings.bulk_dlq_url
    eventually(lambda: deadly.queues.depth(dead).waiting == 1)
    eventually(lambda: deadly.queues.depth(deadly.settings.bulk_queue_url).in_flight == 0)

    sent = list(Redrive(deadly, "anna").send(select(deadly.images, Selection())))
    assert [image.image_id for image in sent] == [identity]
    ready = eventually(lambda: i if (i := deadly.images.get(identity)) and i.status is Status.READY else None)
    assert ready.attempts == 1
    drop_settled(deadly, Lane.BULK, Selection(), lambda _: None)
    assert deadly.queues.depth(dead).waiting == 0
