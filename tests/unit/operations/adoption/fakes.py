"""A deployment on the fake S3, with a bucket `masters` that is older than the deployment."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from pixelfleet.aws.listing import Listings
from pixelfleet.aws.objects import Objects
from pixelfleet.aws.source_buckets import SourceBuckets
from pixelfleet.domain.jobs import Job
from tests.clock import Clock
from tests.fakes.s3 import FakeS3
from tests.unit.operations.fakes import fake_deployment

BUCKET = "masters"


@dataclass
class Masters:
    """The deployment, and the fake S3 behind it."""

    deployment: Any
    s3: FakeS3
    clock: Clock

    def put(self, *keys: str, body: bytes = b"pixels", storage_class: str = "STANDARD") -> None:
        for key in keys:
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, StorageClass=storage_class)

    def list_by(self, number: int) -> None:
        """Makes S3 list `number` keys a page, so that few objects fill several pages."""
        client: Any = self.s3
        client.list_objects_v2 = partial(self.s3.list_objects_v2, MaxKeys=number)

    @property
    def sent(self) -> list[Job]:
        return [job for _, job in self.deployment.queues.sent]


def masters() -> Masters:
    clock = Clock(1_790_000_000.0)
    s3 = FakeS3(clock)
    deployment = fake_deployment()
    for name in (BUCKET, deployment.settings.uploads_bucket, deployment.settings.results_bucket):
        s3.create_bucket(Bucket=name)
    client: Any = s3
    no_bytes: Any = None
    deployment.listings = Listings(client)
    deployment.source_buckets = SourceBuckets(client)
    deployment.objects = Objects(client, no_bytes, deployment.settings.results_bucket)
    return Masters(deployment, s3, clock)
