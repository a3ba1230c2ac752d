"""The models of batches, with counts and the time left."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field

from dashboard.api.models.base import Model
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.domain.scores import as_simulacra, as_ssim
from pixelfleet.operations.batch_rows import BatchRow, RolloutRow
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

    kind: Literal["upload"] = Field("upload", description="Images that were uploaded together.", examples=["upload"])
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
    min_ssimulacra2: float | None = Field(
        description="Images with a variant of a lower SSIMULACRA2 fail with `below_quality`.", examples=[None]
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


class RolloutOut(Model):
    """A rollout: a new recipe is brought to the images of an older one. Its images are in their own batches, too."""

    kind: Literal["rollout"] = Field("rollout", description="Images that get a new recipe.", examples=["rollout"])
    name: str = Field(
        description="The id; the task at /api/v1/background-tasks has the same.",
        examples=["rollout-20261120T090000000Z-1a2b3c4d"],
    )
    owner: str | None = Field(description="Whose images; null for the images of everybody.", examples=["ana"])
    batch: str | None = Field(description="The batch of the images, if the rollout is for one.", examples=[None])
    recipe: str = Field(description="The new recipe, with its digest.", examples=["shop@4f1c02aa9d31"])
    instead_of: str = Field(description="The recipe that made the images.", examples=["shop@9a2b77c01e55"])
    created_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    completed_at: str | None = Field(examples=[None])
    state: str = Field(description="running, done, stopped, failed, or interrupted.", examples=["running"])
    expected: int = Field(description="Images that the older recipe had made.", examples=[41_200])
    ready: int = Field(description="Images that the new recipe made, outliers among them.", examples=[20_100])
    outliers: int = Field(description="Those that weigh far from what the sample expects.", examples=[3])
    failed: int = Field(description="Images that keep their earlier results.", examples=[2])
    gone: int = Field(description="Images that were left alone: deleted, or of another recipe by now.", examples=[0])

    @classmethod
    def of(cls, row: RolloutRow) -> "RolloutOut":
        facts, counts = row.facts, row.counts
        older, _, newer = facts.versions.partition(" -> ")
        return cls(
            name=row.id,
            owner=facts.owner,
            batch=facts.batch,
            recipe=newer,
            instead_of=older,
            created_at=row.created_at,
            completed_at=row.completed_at,
            state=row.task.state.value,
            expected=facts.images,
            ready=counts.made,
            outliers=counts.outliers,
            failed=counts.failed,
            gone=counts.gone,
        )


class BatchPage(Model):
    batches: list[Annotated[BatchOut | RolloutOut, Field(discriminator="kind")]]
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


def row_out(row: BatchRow) -> BatchOut | RolloutOut:
    return RolloutOut.of(row) if isinstance(row, RolloutRow) else BatchOut(**batch_fields(row))


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
        "min_ssimulacra2": as_simulacra(batch.min_ssimulacra2),
    }
