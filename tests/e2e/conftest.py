"""A running deployment, with helpers that upload files and wait for the results."""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Counts, Image, Status
from pixelfleet.localcloud.emulator import Emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import pump_program, worker_program
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.samples import make_samples
from pixelfleet.settings import Settings, load_settings
from tests.listener import listen
from tests.once import once
from tests.waiting import eventually

SETTLED = frozenset({Status.READY, Status.FAILED, Status.DELETED})


@dataclass(frozen=True)
class LiveFleet:
    """One provisioned deployment with a running pump and running workers."""

    deployment: Deployment
    processes: ProcessSupervisor
    notices_queue: str
    owner: str
    batch: str = "b1"

    @property
    def settings(self) -> Settings:
        return self.deployment.settings

    def key(self, name: str) -> str:
        return f"uploads/{self.owner}/{self.batch}/{name}"

    def upload(self, path: Path, name: str) -> str:
        """Put a file into the owner's batch. Returns the image id."""
        self.deployment.s3.upload_file(str(path), self.settings.uploads_bucket, self.key(name))
        return self.id_of(self.key(name))

    def counts(self) -> Counts:
        return self.deployment.batches.counts(self.owner, self.batch)

    def id_of(self, key: str) -> str:
        return image_id(self.settings.uploads_bucket, key)

    def image(self, image_id: str) -> Image:
        image = self.deployment.images.get(image_id)
        assert image is not None
        return image

    def settled(self, ids: Iterable[str]) -> dict[str, Image]:
        """Wait until every image is ready, failed or deleted."""
        requested = set(ids)

        def all_settled() -> dict[str, Image] | None:
            actual = self.deployment.images.get_many(requested)
            return actual if requested == {i for i, image in actual.items() if image.status in SETTLED} else None

        return eventually(all_settled)

    def idle(self) -> None:
        """Wait until no queue has a waiting message or a message in flight."""
        urls = (self.settings.uploads_queue_url, self.settings.bulk_queue_url, self.settings.heavy_queue_url)

        def empty() -> bool:
            depths = [self.deployment.queues.depth(url) for url in urls]
            return all(depth.waiting == depth.in_flight == depth.delayed == 0 for depth in depths)

        eventually(empty)

    def results(self, image_id: str) -> set[str]:
        """The keys of all objects of an image in the results bucket, of every revision."""
        pages = self.deployment.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.settings.results_bucket, Prefix=f"{self.owner}/{image_id}/"
        )
        return {entry["Key"] for page in pages for entry in page.get("Contents", [])}

    def notices(self) -> list[dict[str, Any]]:
        """Every published notice of this owner that has not been received yet."""
        actual: list[dict[str, Any]] = []
        while messages := self.deployment.sqs.receive_message(
            QueueUrl=self.notices_queue, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                envelope = json.loads(message["Body"])
                attributes = {name: value["Value"] for name, value in envelope["MessageAttributes"].items()}
                # Skip the unread notices of earlier tests.
                if attributes["owner"] == self.owner:
                    actual.append({"document": json.loads(envelope["Message"]), "attributes": attributes})
                self.deployment.sqs.delete_message(QueueUrl=self.notices_queue, ReceiptHandle=message["ReceiptHandle"])
        return actual


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `--dist loadgroup`, tests that share processes run in one test process, which starts the processes once."""
    groups = {"standing": "fleet", "chromium": "browser"}
    for item in items:
        for fixture, group in groups.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample images. All processes of a test run share them."""
    return once(tmp_path_factory.mktemp("samples"), "samples", make_samples)


@dataclass(frozen=True)
class Standing:
    """The processes that all tests of one test process share."""

    environment: dict[str, str]
    processes: ProcessSupervisor
    notices_queue: str


@pytest.fixture(scope="session")
def standing(cloud: Emulator, cloud_folder: DataFolder) -> Iterator[Standing]:
    environment = cloud.environment(cloud_folder.scratch) | {
        "PIXELFLEET_PREFIX": f"t{uuid.uuid4().hex[:12]}",
        "PIXELFLEET_TAG_ORIGINALS": "true",
        # With this limit, one of the samples is too large for the bulk lane.
        "PIXELFLEET_BULK_MAX_PIXELS": "3000000",
    }
    with pytest.MonkeyPatch.context() as patch, ProcessSupervisor() as processes:
        enter(environment, patch)
        settings = load_settings()
        provision(settings)
        queue = listen(Deployment(settings))
        processes.start(pump_program(environment, cloud_folder))
        for lane in Lane:
            processes.start(worker_program(lane, 1, environment, cloud_folder))
        # Tests in this process that use no cloud must not see this environment.
        patch.undo()
        yield Standing(environment, processes, queue)


@pytest.fixture
def live(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> LiveFleet:
    """The shared deployment, with an owner that no other test has."""
    enter(standing.environment, monkeypatch)
    return LiveFleet(
        Deployment(load_settings()), standing.processes, standing.notices_queue, f"o{uuid.uuid4().hex[:8]}"
    )


def enter(environment: dict[str, str], patch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        if name.startswith(("AWS_", "PIXELFLEET_")):
            patch.setenv(name, value)
