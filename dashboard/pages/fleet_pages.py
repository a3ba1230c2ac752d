"""The fleet for operators, and the actions of operators."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from dashboard.callers import OperatorPage
from dashboard.operators import activity_page
from dashboard.site import Site, site_of
from pixelfleet.operations import monitoring
from pixelfleet.operations.monitoring_history import Range

router = APIRouter()

_RANGES: Final = {Range.QUARTER: "15 minutes", Range.HOUR: "1 hour", Range.DAY: "24 hours"}


@router.get("/fleet")
def fleet_page(request: Request, caller: OperatorPage) -> Response:
    site = site_of(request)
    return site.page(request, "fleet.html", _state(site) | {"ranges": _RANGES})


@router.get("/fleet/live")
def fleet_live(request: Request, caller: OperatorPage) -> Response:
    site = site_of(request)
    return site.page(request, "parts/fleet_live.html", _state(site))


@router.get("/activity")
def activity(request: Request, caller: OperatorPage, cursor: str = "") -> Response:
    site = site_of(request)
    actions, following = activity_page(site, cursor)
    values = {
        "page": {"actions": actions, "next": following},
        "background_tasks": site.deployment.background_tasks.recent(10),
        "first": not cursor,
    }
    return site.page(request, "activity.html", values)


def _state(site: Site) -> dict[str, Any]:
    overview = monitoring.overview(site.deployment)
    return {
        "overview": overview,
        "workers": {worker.lane.value: worker for worker in overview.workers},
        "minutes": monitoring.SERIES,
    }
