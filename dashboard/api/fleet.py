"""/fleet, /failures, /redrive, /background-tasks, /activity: the views and actions of operators."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from dashboard.access import background_task_for, background_tasks_for
from dashboard.api.etags import READING, tagged
from dashboard.api.images import CursorQuery
from dashboard.api.models.fleet import (
    ActivityPage,
    BackgroundTaskOut,
    BackgroundTasksOut,
    FailuresOut,
    FleetHistoryOut,
    FleetOut,
    Group,
    OutdatedIn,
    PreviewOut,
    PurgeIn,
    RedriveIn,
    task_out,
)
from dashboard.background import CANNOT_STOP
from dashboard.callers import Operator, Reader, Writer
from dashboard.operators import activity_page, failures_by_cause
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import site_of
from pixelfleet.operations import monitoring
from pixelfleet.operations.failures import FailureSummary, Selection, preview
from pixelfleet.operations.monitoring_history import Range, as_document

router = APIRouter(tags=["operators"])

_BEGUN: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "description": "It is begun; follow it where Location leads.",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Where it is to be followed."}},
    }
}


@router.get(
    "/fleet",
    response_model=FleetOut,
    responses=READING,
    summary="Get the state of the lanes, the workers and the throughput",
)
def get_fleet(request: Request, caller: Operator) -> Response:
    return tagged(request, FleetOut(overview=monitoring.overview(site_of(request).deployment)))


@router.get(
    "/fleet/history",
    response_model=FleetHistoryOut,
    responses=READING,
    summary="Get the history of throughput, queues and workers",
)
def get_fleet_history(
    request: Request,
    caller: Operator,
    range: Annotated[Range, Query(description="How far back.")] = Range.HOUR,  # noqa: A002 - the name in the address
) -> Response:
    past = site_of(request).history.past(range)
    return tagged(request, FleetHistoryOut.model_validate(as_document(past)))


@router.get(
    "/failures", response_model=FailuresOut, responses=READING, summary="Count the failures of all owners by cause"
)
def get_failures(request: Request, caller: Operator) -> Response:
    return tagged(request, failures_out(failures_by_cause(site_of(request))))


@router.post(
    "/redrive",
    status_code=202,
    response_model=BackgroundTaskOut,
    responses=_BEGUN | responses(401, 403, 422, 429, 503),
    summary="Redrive failed images",
)
def redrive(request: Request, response: Response, caller: Operator, body: RedriveIn) -> BackgroundTaskOut:
    selection = Selection(body.lane, body.cause, body.batch, body.owner, limit=body.limit)
    task = site_of(request).background_tasks.redrive(caller.name, selection, body.canary)
    response.headers["Location"] = f"/api/v1/background-tasks/{task.id}"
    return task_out(task)


@router.post(
    "/redrive/preview",
    response_model=PreviewOut,
    responses=responses(400, 401, 403, 422, 429, 503),
    summary="Preview a redrive",
)
def preview_redrive(request: Request, caller: Operator, body: RedriveIn) -> PreviewOut:
    """The preview reads 1,000 failed images at most, and sends nothing."""
    selection = Selection(body.lane, body.cause, body.batch, body.owner, limit=body.limit)
    taken = preview(site_of(request).deployment.images, selection)
    return PreviewOut(
        count=taken.count,
        complete=taken.complete,
        by_cause=dict(taken.by_cause),
        by_owner=dict(taken.by_owner),
        examples=[image.image_id for image in taken.examples],
    )


@router.post(
    "/purge",
    status_code=202,
    response_model=BackgroundTaskOut,
    responses=_BEGUN | responses(400, 401, 403, 422, 429, 503),
    summary="Delete messages from the dead-letter queues",
)
def purge(request: Request, response: Response, caller: Operator, body: PurgeIn) -> BackgroundTaskOut:
    """The records stay failed and can be redriven. Events without a record are lost."""
    selection = Selection(body.lane, body.cause)
    task = site_of(request).background_tasks.purge(caller.name, selection)
    response.headers["Location"] = f"/api/v1/background-tasks/{task.id}"
    return task_out(task)


@router.post(
    "/outdated",
    status_code=202,
    response_model=BackgroundTaskOut,
    responses=_BEGUN | responses(400, 401, 403, 422, 429, 503),
    summary="Count the images whose recipe is another now, or make them again",
)
def outdated(request: Request, response: Response, caller: Operator, body: OutdatedIn) -> BackgroundTaskOut:
    """After a change of a recipe or a route; as `pixelfleet reconcile --outdated`, with the images of adopted buckets.

    A count looks at 100,000 objects of the uploads bucket, and at 200 MB of records for adopted buckets.
    """
    task = site_of(request).background_tasks.outdated(caller.name, count=body.count)
    response.headers["Location"] = f"/api/v1/background-tasks/{task.id}"
    return task_out(task)


@router.get(
    "/background-tasks",
    response_model=BackgroundTasksOut,
    responses=READING,
    summary="List the latest background tasks",
)
def list_background_tasks(request: Request, caller: Reader) -> Response:
    """The caller's tasks among the last fifty; for operators the tasks of everybody."""
    listed = background_tasks_for(site_of(request), caller)
    return tagged(request, BackgroundTasksOut(tasks=[task_out(task) for task in listed]))


@router.post(
    "/background-tasks/{task_id}/stop",
    response_model=BackgroundTaskOut,
    responses=responses(400, 401, 403, 404, 409, 422, 429, 503),
    summary="Stop a background task after the work under way",
)
def stop_background_task(
    request: Request, caller: Writer, task_id: Annotated[str, Path(max_length=64)]
) -> BackgroundTaskOut:
    site = site_of(request)
    task = background_task_for(site, caller, task_id)
    if not site.background_tasks.stop_for(caller.name, task, is_operator=caller.is_operator):
        raise Problem(409, CANNOT_STOP)
    return task_out(task)


@router.post(
    "/background-tasks/{task_id}/roll-back",
    status_code=202,
    response_model=BackgroundTaskOut,
    responses=_BEGUN | responses(400, 401, 403, 404, 409, 422, 429, 503),
    summary="Take the images of a rollout back to the older recipe",
)
def roll_back(
    request: Request, response: Response, caller: Operator, task_id: Annotated[str, Path(max_length=64)]
) -> BackgroundTaskOut:
    """As `pixelfleet recipe rollback`: without rendering, while the results of the older recipe are kept.

    The task of the answer is another task than the rollout. 409 while the rollout is under way.
    """
    site = site_of(request)
    task = site.background_tasks.roll_back(caller.name, background_task_for(site, caller, task_id))
    response.headers["Location"] = f"/api/v1/background-tasks/{task.id}"
    return task_out(task)


@router.get(
    "/background-tasks/{task_id}",
    response_model=BackgroundTaskOut,
    responses=READING,
    summary="Get the progress of a background task",
)
def get_background_task(request: Request, caller: Reader, task_id: Annotated[str, Path(max_length=64)]) -> Response:
    """Only tasks of the caller; for operators tasks of everybody."""
    return tagged(request, task_out(background_task_for(site_of(request), caller, task_id)))


@router.get(
    "/activity", response_model=ActivityPage, responses=READING, summary="List the actions of operators, newest first"
)
def get_activity(request: Request, caller: Operator, cursor: CursorQuery = None) -> Response:
    actions, following = activity_page(site_of(request), cursor)
    return tagged(request, ActivityPage(actions=actions, next=following))


def failures_out(summary: FailureSummary) -> FailuresOut:
    groups = [
        Group(
            cause=group.name,
            count=group.count,
            more=group.more,
            oldest=group.oldest,
            newest=group.newest,
            message=group.message,
            examples=[image.image_id for image in group.examples],
        )
        for group in summary.groups
    ]
    return FailuresOut(groups=groups, complete=summary.complete, dead_letters=summary.dead_letters)
