"""/fleet, /failures, /redrive, /errands, /activity: what operators see and do."""

from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from dashboard.api.etags import READING, tagged
from dashboard.api.images import CursorQuery
from dashboard.api.models import ActivityPage, ErrandOut, FailuresOut, FleetOut, Group, RedriveIn
from dashboard.auth.callers import Operator
from dashboard.gallery import decode_cursor, encode_cursor
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import Site, site_of
from pixelfleet import failures, fleet
from pixelfleet.catalog.errands import Errand
from pixelfleet.catalog.records import timestamp
from pixelfleet.failures import Selection

router = APIRouter(tags=["operators"])

#: Failed records that a summary reads: a page must not cost more the worse things are.
MOST_FAILURES: Final = 5_000
ACTIONS: Final = 50


@router.get("/fleet", response_model=FleetOut, responses=READING, summary="Lanes, workers, throughput")
def get_fleet(request: Request, caller: Operator) -> Response:
    return tagged(request, FleetOut(overview=fleet.overview(site_of(request).fleet)))


@router.get("/failures", response_model=FailuresOut, responses=READING, summary="Failures of all owners, by cause")
def get_failures(request: Request, caller: Operator) -> Response:
    return tagged(request, failures_by_cause(site_of(request)))


@router.post(
    "/redrive",
    status_code=202,
    response_model=ErrandOut,
    responses={
        202: {
            "description": "It is begun; follow it where Location leads.",
            "headers": {"Location": {"schema": {"type": "string"}, "description": "Where it is to be followed."}},
        },
        **responses(401, 403, 422, 429, 503),
    },
    summary="Send failed images round again",
)
def redrive(request: Request, response: Response, caller: Operator, wanted: RedriveIn) -> ErrandOut:
    errand = site_of(request).errands.redrive(caller.name, selection_of(wanted), wanted.canary)
    response.headers["Location"] = f"/api/v1/errands/{errand.id}"
    return errand_out(errand)


@router.get("/errands/{errand_id}", response_model=ErrandOut, responses=READING, summary="A redrive or purge, followed")
def get_errand(request: Request, caller: Operator, errand_id: Annotated[str, Path(max_length=64)]) -> Response:
    errand = site_of(request).fleet.errands.get(errand_id)
    if errand is None:
        raise Problem(404, f"there is no errand {errand_id!r}")
    return tagged(request, errand_out(errand))


@router.get("/activity", response_model=ActivityPage, responses=READING, summary="What operators did, newest first")
def get_activity(request: Request, caller: Operator, cursor: CursorQuery = None) -> Response:
    return tagged(request, activity_page(site_of(request), cursor))


def failures_by_cause(site: Site) -> FailuresOut:
    """The first `MOST_FAILURES` failed records, counted by cause."""
    read = 0
    groups: dict[str, Group] = {}
    for image in failures.select(site.fleet.images, Selection(any_cause=True, limit=MOST_FAILURES)):
        read += 1
        cause, at = str(image.cause), image.finished_at or ""
        group = groups.setdefault(
            cause, Group(cause=cause, count=0, oldest=at, newest=at, message=image.message or "", examples=[])
        )
        group.count += 1
        group.oldest, group.newest = min(group.oldest, at), max(group.newest, at)
        if len(group.examples) < failures.EXAMPLES:
            group.examples.append(image.image_id)
    letters = {name: depth.waiting + depth.in_flight for name, depth in failures.dead_letters(site.fleet).items()}
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


def errand_out(errand: Errand) -> ErrandOut:
    return ErrandOut(**errand.model_dump(mode="json"))


def activity_page(site: Site, cursor: str | None) -> ActivityPage:
    found = list(islice(site.fleet.activity.actions(decode_cursor(cursor) or None), ACTIONS))
    return ActivityPage(actions=found, next=encode_cursor(found[-1].at) if len(found) == ACTIONS else None)
