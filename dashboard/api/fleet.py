"""/fleet, /failures, /redrive, /background-tasks, /activity: what operators see and do."""

from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from dashboard.api.etags import READING, tagged
from dashboard.api.images import CursorQuery
from dashboard.api.models import ActivityPage, BackgroundTaskOut, FailuresOut, FleetOut, Group, RedriveIn
from dashboard.callers import Operator
from dashboard.gallery import decode_cursor, encode_cursor
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import Site, site_of
from pixelfleet.catalog.background import BackgroundTask
from pixelfleet.domain.records import timestamp
from pixelfleet.operations import failures, monitoring
from pixelfleet.operations.failures import Selection

router = APIRouter(tags=["operators"])

#: Failed records that a summary reads: a page must not cost more the worse things are.
MOST_FAILURES: Final = 5_000
ACTIONS: Final = 50


@router.get("/fleet", response_model=FleetOut, responses=READING, summary="Lanes, workers, throughput")
def get_fleet(request: Request, caller: Operator) -> Response:
    return tagged(request, FleetOut(overview=monitoring.overview(site_of(request).deployment)))


@router.get("/failures", response_model=FailuresOut, responses=READING, summary="Failures of all owners, by cause")
def get_failures(request: Request, caller: Operator) -> Response:
    return tagged(request, failures_by_cause(site_of(request)))


@router.post(
    "/redrive",
    status_code=202,
    response_model=BackgroundTaskOut,
    responses={
        202: {
            "description": "It is begun; follow it where Location leads.",
            "headers": {"Location": {"schema": {"type": "string"}, "description": "Where it is to be followed."}},
        },
        **responses(401, 403, 422, 429, 503),
    },
    summary="Send failed images round again",
)
def redrive(request: Request, response: Response, caller: Operator, wanted: RedriveIn) -> BackgroundTaskOut:
    task = site_of(request).background_tasks.redrive(caller.name, selection_of(wanted), wanted.canary)
    response.headers["Location"] = f"/api/v1/background-tasks/{task.id}"
    return task_out(task)


@router.get(
    "/background-tasks/{task_id}",
    response_model=BackgroundTaskOut,
    responses=READING,
    summary="A redrive or purge, followed",
)
def get_background_task(request: Request, caller: Operator, task_id: Annotated[str, Path(max_length=64)]) -> Response:
    task = site_of(request).deployment.background_tasks.get(task_id)
    if task is None:
        raise Problem(404, f"there is no background task {task_id!r}")
    return tagged(request, task_out(task))


@router.get("/activity", response_model=ActivityPage, responses=READING, summary="What operators did, newest first")
def get_activity(request: Request, caller: Operator, cursor: CursorQuery = None) -> Response:
    return tagged(request, activity_page(site_of(request), cursor))


def failures_by_cause(site: Site) -> FailuresOut:
    """The first `MOST_FAILURES` failed records, counted by cause."""
    read = 0
    groups: dict[str, Group] = {}
    for image in failures.select(site.deployment.images, Selection(any_cause=True, limit=MOST_FAILURES)):
        read += 1
        cause, at = str(image.cause), image.finished_at or ""
        group = groups.setdefault(
            cause, Group(cause=cause, count=0, oldest=at, newest=at, message=image.message or "", examples=[])
        )
        group.count += 1
        group.oldest, group.newest = min(group.oldest, at), max(group.newest, at)
        if len(group.examples) < failures.EXAMPLES:
            group.examples.append(image.image_id)
    letters = {name: depth.waiting + depth.in_flight for name, depth in failures.dead_letters(site.deployment).items()}
    ordered = sorted(groups.values(), key=lambda group: (-group.count, group.cause))
    return FailuresOut(groups=ordered, complete=read < MOST_FAILURES, dead_letters=letters)


def selection_of(wanted: RedriveIn) -> Selection:
    """Only what has failed by now: what fails anew must not be met again."""
    return Selection(
        lane=wanted.lane,
        cause=wanted.cause,
        batch=wanted.batch,
        owner=wanted.owner,
        limit=wanted.limit,
        before=timestamp(),
    )


def task_out(task: BackgroundTask) -> BackgroundTaskOut:
    return BackgroundTaskOut(**task.model_dump(mode="json"))


def activity_page(site: Site, cursor: str | None) -> ActivityPage:
    found = list(islice(site.deployment.activity.actions(decode_cursor(cursor) or None), ACTIONS))
    return ActivityPage(actions=found, next=encode_cursor(found[-1].at) if len(found) == ACTIONS else None)
