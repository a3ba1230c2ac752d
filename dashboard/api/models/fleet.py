"""The models for operators: state, failures, background tasks, activity."""

from pydantic import Field

from dashboard.api.models.base import IMAGE_ID, Model
from pixelfleet.catalog.activity import Action
from pixelfleet.catalog.background import BackgroundTask
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause
from pixelfleet.operations.monitoring import Overview


class FleetOut(Model):
    """The state of a fleet. An unknown value is null, never a guess."""

    overview: Overview


class FleetHistoryOut(Model):
    """Series over one time axis. An unknown value is null. A lane without known values is missing."""

    start: str = Field(description="When the first step begins.", examples=["2026-11-20T08:00:00.000Z"])
    step: int = Field(description="Seconds.", examples=[30])
    steps: int = Field(examples=[120])
    charts: dict[str, dict[str, list[float | int | None]]] = Field(
        description="By `finished` (images a second), `waiting`, `in_flight` (messages), `oldest` (seconds) and "
        "`workers`; in each by lane.",
        examples=[{"finished": {"bulk": [0, 4.2]}, "waiting": {"bulk": [120, 0]}}],
    )


class Group(Model):
    """Failures that share a cause."""

    cause: str = Field(examples=["out_of_memory"])
    count: int = Field(examples=[12])
    more: bool = Field(description="Whether there are more than were counted.", examples=[False])
    oldest: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    newest: str = Field(examples=["2026-11-20T09:10:00.000Z"])
    message: str = Field(examples=["the worker was killed: not enough memory"])
    examples: list[str] = Field(description="Ids of some of these images.", examples=[[IMAGE_ID]])


class FailuresOut(Model):
    """Failures by cause. At most 1,000 of each cause are counted; `complete` is false if a cause has more."""

    groups: list[Group]
    complete: bool
    dead_letters: dict[str, int] = Field(examples=[{"uploads": 0, "bulk": 0, "heavy": 0}])


class RedriveIn(Model):
    """The failed images to send again. Without a cause: the images that failed through a fault of the system."""

    cause: Cause | None = None
    batch: str | None = Field(None, min_length=1, max_length=128, examples=["summer"])
    owner: str | None = Field(None, min_length=1, max_length=64, examples=["ana"])
    lane: Lane | None = None
    limit: int | None = Field(None, ge=1, le=10_000_000, description="The largest number of images.", examples=[1000])
    canary: int | None = Field(
        None,
        ge=1,
        le=100,
        description="The number of images to send first. The redrive stops if one of them fails again.",
        examples=[5],
    )


class PreviewOut(Model):
    """The images that a redrive would send. `complete` is false if there are over 1,000 failures to look at."""

    count: int = Field(examples=[12])
    complete: bool = Field(examples=[True])
    by_cause: dict[str, int] = Field(examples=[{"crashed": 12}])
    by_owner: dict[str, int] = Field(examples=[{"ana": 12}])
    examples: list[str] = Field(description="Ids of some of these images.", examples=[[IMAGE_ID]])


class OutdatedIn(Model):
    count: bool = Field(description="Only count them; otherwise they are made again.", examples=[True])


class PurgeIn(Model):
    """The dead letters to delete. Without filters: all."""

    cause: Cause | None = None
    lane: Lane | None = None


class BackgroundTaskOut(Model):
    """A background task, under way or ended."""

    id: str = Field(examples=["20261120T090000Z-5f3a9c"])
    kind: str = Field(examples=["redrive"])
    who: str = Field(examples=["olga"])
    on: str = Field(description="What it is done to, for people.", examples=["cause out_of_memory"])
    state: str = Field(
        description="running, done, stopped (by a user or a canary), failed, or interrupted (may be repeated).",
        examples=["running"],
    )
    message: str = Field(examples=["120 jobs sent"])
    counts: dict[str, int] = Field(examples=[{"sent": 120, "refused": 0, "no_longer_failed": 3}])
    started_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    updated_at: str = Field(examples=["2026-11-20T09:00:12.000Z"])


class BackgroundTasksOut(Model):
    tasks: list[BackgroundTaskOut]


class ActivityPage(Model):
    actions: list[Action]
    next: str | None = Field(examples=[None])


class Health(Model):
    status: str = Field(examples=["ok"])


def task_out(task: BackgroundTask) -> BackgroundTaskOut:
    return BackgroundTaskOut(**task.model_dump(mode="json", include=set(BackgroundTaskOut.model_fields)))
