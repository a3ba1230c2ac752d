"""The parts of a deployment that every request needs: settings, adapters, sessions, limits, templates."""

import secrets
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from dashboard.auth.limits import RateLimit, network_of
from dashboard.auth.sessions import Sessions
from dashboard.auth.stable_links import StableLinks
from dashboard.background import Runner
from dashboard.cloudfront import CloudFront
from dashboard.flash import Note, Notes
from dashboard.help_pages import about
from dashboard.lazy import LazyRenders
from dashboard.rendering import Renderer
from dashboard.superseded import superseded_in_words
from pixelfleet.deployment import Deployment
from pixelfleet.errors import SettingsError
from pixelfleet.operations.monitoring_history import History
from pixelfleet.operations.recipe_trial import Trials
from pixelfleet.operations.variant_scores import VariantScores
from pixelfleet.settings import Settings

#: Requests a minute: of one user to the API; of one address without valid credentials, sign-ins included.
API_PER_MINUTE: Final = 600
STRANGER_PER_MINUTE: Final = 60
#: Results that one address may fetch in a minute where results are public: pages of many pictures, but no flood.
PUBLIC_PER_MINUTE: Final = 3_000
#: Recipes that one user may try in a minute: each occupies a decoder for seconds.
TRIALS_PER_MINUTE: Final = 10
#: Scores that one user may have computed in a minute. Scores that are known do not count.
SCORES_PER_MINUTE: Final = 30


class Site:
    """One deployment's dashboard. Raises SettingsError if cookies cannot be signed safely."""

    def __init__(
        self,
        settings: Settings,
        deployment: Deployment | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` is the clock of the rate limits: monotonic seconds."""
        self.settings = settings
        self.deployment = deployment or Deployment(settings, connections=32)
        self.url = settings.dashboard_url.rstrip("/")
        secret, secure = _secret(settings), urlsplit(self.url).scheme == "https"
        self.sessions = Sessions(secret, secure=secure)
        self.notes = Notes(secret, secure=secure)
        self.stable_links = StableLinks(secret)
        self.api_limit = RateLimit(API_PER_MINUTE, 60, clock)
        self.strangers = RateLimit(STRANGER_PER_MINUTE, 60, clock)
        self.public_limit = RateLimit(PUBLIC_PER_MINUTE, 60, clock)
        self.trial_limit = RateLimit(TRIALS_PER_MINUTE, 60, clock)
        self.trials = Trials(self.deployment)
        self.lazy = LazyRenders(self.deployment, clock)
        self.score_limit = RateLimit(SCORES_PER_MINUTE, 60, clock)
        self.scores = VariantScores(self.deployment)
        self.cloudfront = CloudFront.of(settings)
        self.renderer = Renderer()
        self.background_tasks = Runner(self.deployment)
        self.history = History(self.deployment)

    @cached_property
    def uploads_origin(self) -> str:
        return self.deployment.links.uploads_origin()

    def address(self, request: Request) -> str:
        """The caller's network address: the address that our outermost proxy saw.

        Entries further left in X-Forwarded-For came from the caller, who may write anything there.
        """
        direct = request.client.host if request.client else "unknown"
        hops = self.settings.forwarded_hops
        if not hops:
            return direct
        said = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        return said[-hops] if len(said) >= hops else direct

    def network(self, request: Request) -> str:
        """One place for the limits: an IPv4 address, or the /64 of an IPv6 address, which belongs to one subscriber."""
        return network_of(self.address(request))

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any] | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page, or a part of a page, with the rights of the caller.

        The browser may keep a page, so that "back" leads to the same place, but checks whether it is still current.
        A page that shows a note, which may hold a secret, is not kept.
        """
        caller = getattr(request.state, "caller", None)
        session = caller.session if caller else None
        whole = request.method == "GET" and not template.startswith("parts/")
        note = self.notes.read(request, session.id) if session and whole else None
        known = {
            "caller": caller,
            "csrf": self.sessions.form_token(session.id) if session else "",
            "path": request.url.path,
            "help": about(request.url.path),
            "superseded": superseded_in_words(self.settings.keep_revisions),
            "keeps_revisions": self.settings.keep_revisions > 0,
            "note": note,
        }
        response = Response(
            self.renderer.render(template, known | dict(values or {})),
            status,
            {"Cache-Control": "no-store" if note or not session else "private, no-cache", **(headers or {})},
            media_type="text/html",
        )
        if note is not None:
            self.notes.forget(response)
        if caller is not None and self.cloudfront is not None:
            self.cloudfront.admit(request, response, None if caller.is_operator else caller.name)
        return response

    def after_form(self, request: Request, path: str, note: Note) -> Response:
        """The answer to a form after its action: a redirect to a page that shows the note."""
        return self.notes.redirect(path, request.state.caller.session.id, note)


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def _secret(settings: Settings) -> str:
    if settings.session_secret is not None:
        return settings.session_secret.get_secret_value()
    if settings.endpoint_url is None:
        raise SettingsError(
            "PIXELFLEET_SESSION_SECRET is not set: every task of the dashboard needs the same, 32 characters or more; "
            "make one by: openssl rand -base64 48"
        )
    # Beside an embedded cloud, for the life of this process.
    return secrets.token_urlsafe(48)
