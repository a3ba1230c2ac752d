"""The composition of the service: site, routes, errors, and the guard around them."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from dashboard.api import adopted, batches, bulk, fleet, health, images, recipes, routes, tokens, uploads, users
from dashboard.bodies import BoundedBodies
from dashboard.callers import SignInNeededError
from dashboard.guard import Guard
from dashboard.heads import Compressed, Heads
from dashboard.openapi import describe
from dashboard.pages import (
    account,
    adopted_pages,
    background_task_pages,
    batch_pages,
    bulk_pages,
    docs_page,
    documentation,
    duplicate_pages,
    events,
    failure_pages,
    fleet_pages,
    gallery_pages,
    image_pages,
    recipe_pages,
    result_files,
    route_pages,
    sign_in,
    stable_addresses,
    upload_page,
    user_pages,
)
from dashboard.problems import handle_problems, to_sign_in
from dashboard.rendering import STATIC, VersionedStatic
from dashboard.site import Site
from pixelfleet import __version__
from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings

API = "/api/v1"
_APIS = (images, bulk, uploads, batches, fleet, recipes, routes, adopted, users, tokens)
_PAGES = (
    account,
    adopted_pages,
    background_task_pages,
    batch_pages,
    bulk_pages,
    docs_page,
    documentation,
    duplicate_pages,
    events,
    failure_pages,
    fleet_pages,
    gallery_pages,
    image_pages,
    recipe_pages,
    route_pages,
    user_pages,
    result_files,
    sign_in,
    stable_addresses,
    upload_page,
)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.site.history.start()
    yield
    app.state.site.history.stop()
    app.state.site.lazy.close()


def create_app(
    settings: Settings, composed: Deployment | None = None, clock: Callable[[], float] = time.monotonic
) -> FastAPI:
    """Raises SettingsError if the settings are not enough for a dashboard. Makes no call to AWS."""
    site = Site(settings, composed, clock)
    # FastAPI's own documentation pages load scripts from other sites. docs/reference/api.md replaces them.
    app = FastAPI(
        title="pixelfleet",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan,
    )
    app.state.site = site
    app.include_router(health.router)
    for api in _APIS:
        app.include_router(api.router, prefix=API)
    for page in _PAGES:
        app.include_router(page.router, include_in_schema=False)
    app.mount("/static", VersionedStatic(directory=STATIC), name="static")
    handle_problems(app)

    @app.exception_handler(SignInNeededError)
    def _sign_in(request: Request, error: SignInNeededError) -> Response:  # noqa: ARG001
        return to_sign_in(request)

    describe(app)
    app.add_middleware(BoundedBodies)
    app.add_middleware(Compressed)
    app.add_middleware(Heads)
    app.add_middleware(Guard, site=site)
    return app
