"""The fleet as operators see it, and what they did."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from dashboard.callers import OperatorPage
from dashboard.charts import Line, line
from dashboard.operators import activity_page
from dashboard.site import Site, site_of
from pixelfleet.domain.jobs import Lane
from pixelfleet.operations import monitoring
from pixelfleet.operations.monitoring_history import Series

router = APIRouter()

#: A chart's own units; it is drawn as wide as there is room.
CHART: Final = (600, 120)


@router.get("/fleet")
def fleet_page(request: Request, caller: OperatorPage) -> Response:
    site = site_of(request)
    return site.page(request, "fleet.html", _state(site))


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
    workers = {worker.lane.value: worker for worker in overview.workers}
    points = overview.throughput.series
    histories = site.history.lanes()
    drawn: Line = line([point.per_second for point in points], CHART)
    return {
        "overview": overview,
        "workers": workers,
        "chart": drawn,
        "from": points[0].at if points else None,
        "minutes": monitoring.SERIES,
        "lane_charts": {
            lane.name: _lane_charts(site, lane.name, histories.get(lane.name, Series())) for lane in overview.lanes
        },
        "width": CHART[0],
        "height": CHART[1],
    }


def _lane_charts(site: Site, name: str, past: Series) -> list[dict[str, Any]]:
    """The known series of a lane's last hour, a small chart each."""
    done: tuple[float, ...] = ()
    if name in set(Lane):
        done = tuple(point.per_second for point in monitoring.throughput(site.deployment, lane=Lane(name)).series)
    known = {
        "waiting": past.waiting,
        "in flight": past.in_flight,
        "oldest, s": past.oldest,
        "images a second": done,
        "workers": past.workers,
    }
    return [
        {"name": name, "line": line(values, CHART), "last": values[-1]}
        for name, values in known.items()
        if len(values) > 1
    ]
