"""A real worker with a memory limit. An image that takes too much memory costs one attempt of that image alone."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import worker_program
from pixelfleet.samples.photos import encoded
from pixelfleet.samples.scene import scene
from pixelfleet.settings import Settings
from tests.chaos.harness import children_of
from tests.images.bombs import makers
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

#: Limit of the address space of each worker process in bytes, as in a container of 4 GiB.
CONTAINER = 4 << 30
PHOTOS = 6


class Lanes:
    """A deployment with a worker on each lane. The test sends the jobs."""

    def __init__(self, settings: Settings, environment: dict[str, str], folder: DataFolder) -> None:
        self.deployment = Deployment(settings)
        self.bucket = settings.uploads_bucket
        self._environment = environment
        self._folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []

    def work(self, lane: Lane, **environment: str) -> "subprocess.Popen[bytes]":
        program = worker_program(lane, 1, {**self._environment, **environment}, self._folder)
        with program.log.open("ab") as log:
            worker = subprocess.Popen(
                program.command,
                env=dict(program.environment),
                cwd=program.folder,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (CONTAINER, CONTAINER)),  # noqa: PLW1509
            )
        self.workers.append(worker)
        return worker

    def upload(self, name: str, content: bytes) -> str:
        key = f"uploads/ann/one/{name}"
        version = self.deployment.s3.put_object(Bucket=self.bucket, Key=key, Body=content)["VersionId"]
        job = Job(JobKind.PROCESS, self.bucket, key, version, sequencer="01", bytes=len(content))
        self.deployment.queues.send_one(Lane.BULK, job)
        return image_id(self.bucket, key)

    def settled(self, identity: str) -> Image:
        def ended() -> Image | None:
            image = self.deployment.images.get(identity)
            return image if image is not None and image.status in (Status.READY, Status.FAILED) else None

        image: Image = eventually(ended, lambda: repr(self.deployment.images.get(identity)))
        return image


@pytest.fixture
def lanes(settings: Settings, cloud_environment: dict[str, str], cloud_folder: DataFolder) -> Iterator[Lanes]:
    made = Lanes(settings, {**cloud_environment, "PIXELFLEET_MAX_ATTEMPTS": "2"}, cloud_folder)
    try:
        yield made
    finally:
        for worker in made.workers:
            worker.kill()
            worker.wait()


def photo() -> bytes:
    return encoded(scene((300, 200), "noon", "bounds"), "JPEG")


def test_bombs_fail_with_their_cause_and_no_other_image_loses_an_attempt(lanes: Lanes) -> None:
    worker = lanes.work(Lane.BULK)
    photos = [lanes.upload("photo0.jpg", photo())]
    wide = lanes.upload("wide.png", makers.png_of_endless_rows())
    texts = lanes.upload("texts.png", makers.png_of_texts())
    icon = lanes.upload("icon.ico", makers.ico_of_a_large_bitmap())
    photos += [lanes.upload(f"photo{number}.jpg", photo()) for number in range(1, PHOTOS)]

    bombs = {lanes.settled(bomb).cause for bomb in (wide, texts, icon)}
    images = [lanes.settled(identity) for identity in photos]

    assert bombs == {Cause.TOO_WIDE, Cause.TOO_MUCH_METADATA, Cause.TOO_MANY_PIXELS}
    assert [(image.status, image.attempts) for image in images] == [(Status.READY, 1)] * PHOTOS
    assert worker.poll() is None


def test_an_image_that_lacks_memory_goes_to_heavy_and_fails_there_with_out_of_memory(lanes: Lanes) -> None:
    """By its header the AVIF takes some 380 MB, too much for bulk. In heavy the child's memory limit decides."""
    memory = str(300_000_000)
    lanes.work(Lane.BULK, PIXELFLEET_BULK_MEMORY=memory, PIXELFLEET_HEAVY_MEMORY=memory)
    lanes.work(Lane.HEAVY, PIXELFLEET_BULK_MEMORY=memory, PIXELFLEET_HEAVY_MEMORY=memory)
    bomb = lanes.upload("greedy.avif", makers.avif(4_000))
    photos = [lanes.upload(f"photo{number}.jpg", photo()) for number in range(PHOTOS)]

    image = lanes.settled(bomb)

    assert (image.cause, image.lane) == (Cause.OUT_OF_MEMORY, Lane.HEAVY)
    assert [(done.status, done.attempts) for done in map(lanes.settled, photos)] == [(Status.READY, 1)] * PHOTOS


def test_the_process_that_decodes_has_no_credentials_and_dies_with_its_worker(lanes: Lanes) -> None:
    worker = lanes.work(Lane.BULK)
    lanes.settled(lanes.upload("photo.jpg", photo()))
    [pool] = [child for child in children_of(worker.pid) if children_of(child)]
    [decoder] = children_of(pool)

    environment = Path(f"/proc/{decoder}/environ").read_bytes()
    assert b"AWS_" not in environment
    assert b"PIXELFLEET_" not in environment

    os.kill(pool, 9)
    eventually(lambda: not Path(f"/proc/{decoder}").exists() or _is_zombie(decoder))


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
