"""The models of adopted buckets and of their checks."""

from pydantic import Field

from dashboard.api.models.base import Model
from pixelfleet.operations.adoption.adopted import AdoptedBatch, AdoptedBucket
from pixelfleet.operations.preflight import Check, State


class AdoptionOut(Model):
    """One adoption: a batch, with the counts of its images that are done."""

    owner: str = Field(examples=["museum"])
    batch: str = Field(examples=["scans"])
    source: str = Field(description="Where the originals are.", examples=["s3://museum-masters/scans/"])
    created_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    completed_at: str | None = Field(examples=[None])
    expected: int | None = Field(description="Known once all jobs are sent.", examples=[120_000])
    ready: int = Field(examples=[80_000])
    failed: int = Field(examples=[12])
    deleted: int = Field(examples=[0])

    @classmethod
    def of(cls, adopted: AdoptedBatch) -> "AdoptionOut":
        batch, counts = adopted.batch, adopted.counts
        return cls(
            owner=batch.owner,
            batch=batch.name,
            source=batch.source or "",
            created_at=batch.created_at,
            completed_at=batch.completed_at,
            expected=batch.expected,
            ready=counts.ready,
            failed=counts.failed,
            deleted=counts.deleted,
        )


class AdoptedBucketOut(Model):
    """A bucket that was there before: its newest adoptions, and the ids of its routes."""

    name: str = Field(examples=["museum-masters"])
    adoptions: list[AdoptionOut]
    number: int = Field(description="Of all its adoptions.", examples=[1])
    routes: list[str] = Field(examples=[["1a2b3c"]])

    @classmethod
    def of(cls, bucket: AdoptedBucket) -> "AdoptedBucketOut":
        return cls(
            name=bucket.name,
            adoptions=[AdoptionOut.of(adopted) for adopted in bucket.adoptions],
            number=bucket.number,
            routes=[route.route_id for route in bucket.routes],
        )


class AdoptedBucketsOut(Model):
    buckets: list[AdoptedBucketOut]


class CheckOut(Model):
    """One need of an adopted bucket, and the command that meets it."""

    name: str = Field(examples=["events"])
    state: State = Field(examples=["missing"])
    detail: str = Field(examples=["not reported to the uploads queue: s3:ObjectCreated:*"])
    remedy: str = Field(description="Empty where nothing has to be done.", examples=[""])

    @classmethod
    def of(cls, check: Check) -> "CheckOut":
        return cls(name=check.name, state=check.state, detail=check.detail, remedy=check.remedy)


class ChecksOut(Model):
    ok: bool = Field(examples=[False])
    checks: list[CheckOut]
