"""The models of batches, with counts and the time left."""

from dataclasses import asdict
from typing import Any

from pydantic import Field

from dashboard.api.models.base import Model
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.domain.scores import as_ssim
from pixelfleet.operations.time_left import TimeLeft


class BatchIn(Model):
    """A request for a batch before its first upload."""

    name: str = Field(min_length=1, max_length=128, examples=["summer"])
    owner: str | None = Field(None, max_length=64, description="Operators: whose; left out, your own.", examples=[None])
    recipe: str | None = Field(
        None, max_length=64, description="A built-in or stored recipe for all its images.", examples=["catalog"]
    )


class BatchOut(Model):
    """A batch. Counts are of images that are done; `expected` is known once it is sealed."""

    owner: str = Field(examples=["ana"])
    name: str = Field(examples=["summer"])
    recipe: str | None = Field(examples=["web"])
    created_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    sealed_at: str | None = Field(examples=["2026-11-20T09:00:30.000Z"])
    completed_at: str | None = Field(examples=["2026-11-20T09:01:00.000Z"])
    expected: int | None = Field(examples=[120])
    min_score: float | None = Field(
        description="Images with a variant of a lower SSIM fail with `below_quality`.", examples=[0.93]
    )


class BatchDetail(BatchOut):
    ready: int = Field(examples=[118])
    failed: int = Field(examples=[2])
    deleted: int = Field(examples=[0])
    failed_by_cause: dict[str, int] = Field(examples=[{"truncated": 2}])
    time_left: "TimeLeftOut" = Field(description="Of a sealed batch, at the fleet's present rate.")

    @classmethod
    def counted(cls, batch: Batch, counts: Counts, left: TimeLeft) -> "BatchDetail":
        return cls(
            **batch_fields(batch),
            ready=counts.ready,
            failed=counts.failed,
            deleted=counts.deleted,
            failed_by_cause=counts.failed_by_cause,
            time_left=TimeLeftOut.of(left),
        )


class BatchPage(Model):
    batches: list[BatchOut]
    next: str | None = Field(examples=[None])


class TimeLeftOut(Model):
    """Seconds until the rest is finished, with a range; null where too few images are finished to say."""

    per_second: float | None = Field(description="Images a second.", examples=[15.8])
    seconds: float | None = Field(examples=[300.0])
    shortest: float | None = Field(examples=[280.0])
    longest: float | None = Field(examples=[340.0])

    @classmethod
    def of(cls, left: TimeLeft) -> "TimeLeftOut":
        return cls(**asdict(left))


def batch_fields(batch: Batch) -> dict[str, Any]:
    return {
        "owner": batch.owner,
        "name": batch.name,
        "recipe": batch.recipe.name if batch.recipe else None,
        "created_at": batch.created_at,
        "sealed_at": batch.sealed_at,
        "completed_at": batch.completed_at,
        "expected": batch.expected,
        "min_score": as_ssim(batch.min_score),
    }
