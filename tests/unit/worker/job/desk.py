"""One worker on moto, in the process of the test, and the steps of a test."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image as Pillow

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.records import Image
from pixelfleet.errors import Cause, LeaseLostError, PermanentError
from pixelfleet.settings import Settings
from worker.job.attempt import Surroundings
from worker.job.engine import InlineEngine, RenderFile
from worker.job.process import Processor
from worker.job.time_limit import TimeLimit

KEY = "uploads/me/b1/cat.png"


class Held:
    """A lease that holds, or that is lost when the worker checks it."""

    def __init__(self, *, lost: bool = False, receives: int = 1) -> None:
        self._lost = lost
        self.receives = receives

    def check(self) -> None:
        if self._lost:
            raise LeaseLostError("its visibility ran out")


def raiser(error: BaseException) -> Callable[..., Any]:
    """A function that raises the error, with any arguments."""

    def call(*_: Any, **__: Any) -> Any:
        raise error

    return call


@dataclass
class Desk:
    """One worker process with its cloud and a listener for notices."""

    deployment: Deployment
    processor: Processor
    listener: str

    @property
    def settings(self) -> Settings:
        return self.deployment.settings

    def put(self, size: tuple[int, int] = (40, 30), sequencer: str = "05", key: str = KEY) -> Job:
        """Upload a picture; returns the job that its event would become."""
        file = io.BytesIO()
        Pillow.new("RGB", size, (200, 30, 60)).save(file, "PNG")
        answer = self.deployment.s3.put_object(Bucket=self.settings.uploads_bucket, Key=key, Body=file.getvalue())
        etag, version = answer["ETag"].strip('"'), answer.get("VersionId")
        return Job(JobKind.PROCESS, self.settings.uploads_bucket, key, version, etag, sequencer, 100)

    def delete(self, key: str = KEY, version: str | None = None, sequencer: str = "07") -> Job:
        """Delete the key or one of its versions; returns the job that the event would become."""
        which = {"VersionId": version} if version else {}
        self.deployment.s3.delete_object(Bucket=self.settings.uploads_bucket, Key=key, **which)  # type: ignore[arg-type]
        return Job(JobKind.REMOVE, self.settings.uploads_bucket, key, version, sequencer=sequencer)

    def version_nothing(self) -> None:
        """Make the bucket keep one version of a key from now on."""
        suspended: Any = {"Status": "Suspended"}
        self.deployment.s3.put_bucket_versioning(Bucket=self.settings.uploads_bucket, VersioningConfiguration=suspended)

    def do(self, job: Job, lane: Lane = Lane.BULK, hold: Held | None = None) -> Image | None:
        return self.processor.carry_out(job, lane, hold or Held())

    def fail_after_two(self, patch: pytest.MonkeyPatch) -> Job:
        """The job of an image whose attempt failed after it stored two variants."""
        job = self.put()
        store = self.deployment.objects.store
        stored: list[str] = []

        def store_two(path: Any, key: str, attributes: Any) -> str:
            if len(stored) == 2:
                raise PermanentError(Cause.RECIPE_UNFIT, "the third cannot be made")
            stored.append(key)
            return store(path, key, attributes)

        with patch.context() as within:
            within.setattr(self.deployment.objects, "store", store_two)
            self.do(job)
        assert len(self.results()) == 2
        return job

    def render_by(self, engine: RenderFile, limit: TimeLimit | None = None) -> None:
        """Make the variants of this worker with another engine."""
        self.processor = Processor(self.deployment, limit, Surroundings(engine=InlineEngine(render=engine)))

    def image(self, job: Job) -> Image:
        image = self.deployment.images.get(job.image_id)
        assert image is not None
        return image

    def bodies(self, url: str) -> list[dict[str, Any]]:
        actual: list[dict[str, Any]] = []
        while messages := self.deployment.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            actual += messages  # type: ignore[arg-type]
        return actual

    def results(self) -> set[str]:
        listed = self.deployment.s3.list_objects_v2(Bucket=self.settings.results_bucket)
        return {entry["Key"] for entry in listed.get("Contents", [])}

    def notices(self) -> list[str]:
        """The kinds of the notices that were published since the last call."""
        return [notice["kind"] for notice in self.documents()]

    def documents(self) -> list[dict[str, Any]]:
        messages = (json.loads(message["Body"]) for message in self.bodies(self.listener))
        return [json.loads(message["Message"]) for message in messages]
