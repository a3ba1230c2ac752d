"""One test for each row of the table of docs/reliability.md: the worker, the embedded cloud and the fault proxy."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

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
from tests.chaos.proxy import STALL, Fault, FaultProxy
from tests.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

KEY = "uploads/ann/one/photo.jpg"
ATTEMPTS = 2


@dataclass
class Site:
    """A deployment without a pump. The test sends the jobs. The workers reach the cloud through `proxy`."""

    deployment: Deployment
    proxy: FaultProxy
    folder: DataFolder
    environment: dict[str, str]
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def bucket(self) -> str:
        return self.deployment.settings.uploads_bucket

    def work(self, lane: Lane = Lane.BULK, **environment: str) -> "subprocess.Popen[bytes]":
        program = worker_program(lane, 1, {**self.environment, **environment}, self.folder)
        with program.log.open("ab") as log:
            worker = subprocess.Popen(
                program.command, env=dict(program.environment), cwd=program.folder, stdout=log, stderr=log
            )
        self.workers.append(worker)
        return worker

    def upload(self, content: bytes | None = None) -> Job:
        """Put an object and send its job, as the producer would."""
        content = encoded(scene((300, 200), "noon", "chaos"), "JPEG") if content is None else content
        version = self.deployment.s3.put_object(Bucket=self.bucket, Key=KEY, Body=content)["VersionId"]
        job = Job(JobKind.PROCESS, self.bucket, KEY, version, sequencer="01", bytes=len(content))
        self.deployment.queues.send_one(Lane.BULK, job)
        return job

    def image(self, what: Any = None) -> Image:
        """Wait until there is a record for which `what` is true."""

        def actual() -> Image | None:
            image = self.deployment.images.get(image_id(self.bucket, KEY))
            return image if image is not None and (what is None or what(image)) else None

        image: Image = eventually(actual, lambda: repr(self.deployment.images.get(image_id(self.bucket, KEY))))
        return image

    def status(self, status: Status) -> Image:
        return self.image(lambda image: image.status is status)

    def line(self, what: str, times: int = 1) -> Image:
        """Wait until the attempt log has `what` so many times."""
        return self.image(lambda image: sum(line.what == what for line in image.attempt_log) >= times)

    def dead(self, lane: Lane = Lane.BULK) -> list[Any]:
        answer = self.deployment.sqs.receive_message(
            QueueUrl=self.deployment.settings.dlq_url(lane), MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    def dry(self, lane: Lane = Lane.BULK) -> None:
        """Wait until the lane's queue is empty."""
        url = self.deployment.settings.queue_url(lane)
        eventually(lambda: self.deployment.queues.depth(url).waiting + self.deployment.queues.depth(url).in_flight == 0)

    def busy_child(self, worker: "subprocess.Popen[bytes]", attempt: int) -> int:
        """Wait until an attempt is claimed and hangs in its fetch. Returns the process of the attempt."""
        image = self.line("claimed", attempt)
        pid = int(image.attempt_log[-1].worker.rpartition(":")[2])
        assert pid in children_of(worker.pid)
        eventually(lambda: self.proxy.injected["s3 GET"] >= attempt)
        return pid


@pytest.fixture
def site(
    settings: Settings, cloud_environment: dict[str, str], cloud_folder: DataFolder, tmp_path: Path
) -> Iterator[Site]:
    with FaultProxy(str(settings.endpoint_url)) as proxy:
        environment = {**cloud_environment, "AWS_ENDPOINT_URL": proxy.url, "PIXELFLEET_MAX_ATTEMPTS": str(ATTEMPTS)}
        made = Site(Deployment(settings), proxy, cloud_folder, environment)
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.kill()
                worker.wait()


def hang_in_fetch(site: Site) -> None:
    site.proxy.inject(Fault("s3", "GET", delay=STALL))


def test_the_images_own_fault_is_recorded_and_not_tried_again(site: Site) -> None:
    site.upload(b"this is a letter")
    site.work()

    image = site.status(Status.FAILED)

    assert (image.cause, image.attempts) == (Cause.NOT_AN_IMAGE, 1)
    site.dry()
    assert site.dead() == []


def test_a_transient_failure_is_tried_again_and_becomes_ready(site: Site) -> None:
    site.proxy.inject(Fault("s3", "GET", status=503, code="SlowDown", times=4))
    site.upload()
    site.work()

    image = site.status(Status.READY)

    assert image.attempts == ATTEMPTS
    assert [line.what for line in image.attempt_log] == ["claimed", "will retry", "claimed", "ready"]
    site.dry()


def test_the_last_attempt_used_up_is_recorded_and_leaves_a_dead_letter_that_says_why(site: Site) -> None:
    site.proxy.inject(Fault("s3", "GET", status=503, code="SlowDown"))
    job = site.upload()
    site.work()

    image = site.status(Status.FAILED)

    assert (image.cause, image.attempts) == (Cause.THROTTLED, ATTEMPTS)
    [message] = eventually(site.dead)
    reported = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert reported == {"cause": "throttled", "image_id": job.image_id, "owner": "ann", "batch": "one"}
    site.dry()


def test_an_image_that_kills_its_process_every_time_is_recorded_as_crashed(site: Site) -> None:
    hang_in_fetch(site)
    site.upload()
    worker = site.work()
    for attempt in range(1, ATTEMPTS + 1):
        os.kill(site.busy_child(worker, attempt), signal.SIGKILL)

    image = site.status(Status.FAILED)

    assert (image.cause, image.attempts) == (Cause.CRASHED, ATTEMPTS)
    [message] = eventually(site.dead)
    assert message["MessageAttributes"]["cause"]["StringValue"] == "crashed"
    assert worker.poll() is None


def test_a_killed_worker_leaves_its_job_to_another(site: Site) -> None:
    site.deployment.sqs.set_queue_attributes(
        QueueUrl=site.deployment.settings.bulk_queue_url, Attributes={"VisibilityTimeout": "5"}
    )
    hang_in_fetch(site)
    site.upload()
    worker = site.work()
    site.busy_child(worker, 1)

    worker.kill()
    worker.wait()
    site.proxy.heal()
    site.work()

    assert site.status(Status.READY).attempts == ATTEMPTS
    site.dry()


def test_a_clean_stop_returns_the_attempt_and_hands_the_job_on_within_seconds(site: Site) -> None:
    hang_in_fetch(site)
    site.upload()
    worker = site.work(PIXELFLEET_SHUTDOWN_SECONDS="1")
    site.busy_child(worker, 1)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(PATIENCE) == 0
    assert site.line("handed back").attempts == 0
    assert site.deployment.queues.depth(site.deployment.settings.bulk_queue_url).waiting == 1
    site.proxy.heal()
    site.work()
    assert site.status(Status.READY).attempts == 1


def test_a_job_too_large_for_bulk_is_passed_to_heavy(site: Site) -> None:
    site.upload()
    site.work(PIXELFLEET_BULK_MAX_PIXELS="1000")
    site.dry(Lane.BULK)
    assert site.deployment.queues.depth(site.deployment.settings.heavy_queue_url).waiting == 1

    site.work(Lane.HEAVY)

    image = site.status(Status.READY)
    assert (image.lane, image.attempts) == (Lane.HEAVY, 1)


@pytest.mark.parametrize(
    "fault", [Fault("s3", "GET", delay=STALL, times=1), Fault("s3", "GET", half_body=True, times=1)]
)
def test_an_s3_that_hangs_past_the_time_limit_costs_an_attempt_and_no_more(site: Site, fault: Fault) -> None:
    site.proxy.inject(fault)
    site.upload()
    # In seconds. A busy machine needs more than one second for the imports and the pixels of a child's first job.
    worker = site.work(PIXELFLEET_BULK_TIME_LIMIT="8")

    image = site.image(lambda image: image.status is Status.READY)

    assert image.attempts <= ATTEMPTS
    assert worker.poll() is None


def test_a_foreign_message_does_not_keep_the_worker_from_the_next(site: Site) -> None:
    site.deployment.sqs.send_message(QueueUrl=site.deployment.settings.bulk_queue_url, MessageBody='{"Records": []}')
    site.upload()
    worker = site.work()

    site.status(Status.READY)

    assert worker.poll() is None
    eventually(lambda: site.deployment.queues.depth(site.deployment.settings.bulk_queue_url).in_flight == 1)


def test_an_image_that_takes_longer_than_bulk_allows_is_made_by_heavy(site: Site) -> None:
    # An AVIF encoder takes seconds for noise, all of them in C code, which signals do not interrupt.
    site.upload(encoded(Pillow.effect_noise((2500, 2500), 80), "JPEG"))
    worker = site.work(PIXELFLEET_BULK_TIME_LIMIT="1", PIXELFLEET_DEFAULT_RECIPE="archive")
    site.line("handed back")

    site.work(Lane.HEAVY, PIXELFLEET_DEFAULT_RECIPE="archive")

    image = site.image(lambda image: image.status is Status.READY)
    assert (image.lane, image.attempts) == (Lane.HEAVY, 1)
    assert [line.cause for line in image.attempt_log if line.what == "will retry"] == [Cause.TIME_LIMIT]
    assert worker.poll() is None
