"""/health for the process that restarts the dashboard, /ready for the load balancer. Both need no credentials."""

from fastapi import APIRouter, Request

from dashboard.api.models.fleet import Health
from dashboard.problems import responses
from dashboard.site import site_of

router = APIRouter(tags=["health"])


@router.get("/health", response_model=Health, summary="Check that the process answers")
async def health() -> Health:
    # In the event loop, because a thread may be busy.
    return Health(status="ok")


@router.get(
    "/ready", response_model=Health, responses=responses(503), summary="Check that the process and the catalog answer"
)
def ready(request: Request) -> Health:
    site_of(request).deployment.users.get("nobody")
    return Health(status="ok")
