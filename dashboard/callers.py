"""The caller of a request, by bearer token or by session."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Form, Request

from dashboard.auth.sessions import Session
from dashboard.problem import Problem
from dashboard.site import Site, site_of
from pixelfleet.domain.users import Scope, User, rights_of

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TOKEN_HEADER: Final = "x-csrf-token"  # noqa: S105 - a name
#: The values of Sec-Fetch-Site for requests that no other site caused.
SAFE_FETCH: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Caller:
    """`session` is None for a program with a token, `expires_at` is the end of the token in epoch seconds."""

    user: User
    scopes: frozenset[Scope]
    session: Session | None = None
    expires_at: int | None = None

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def is_operator(self) -> bool:
        """Whether the caller may see other owners' images. A token needs the scope for that."""
        return Scope.OPERATE in self.scopes

    def may_see(self, owner: str) -> bool:
        return self.is_operator or owner == self.user.name


class SignInNeededError(Exception):
    """A page was requested without a session."""


def session_caller(request: Request) -> Caller | None:
    """The caller by cookie, if the cookie is valid, the session has not ended, and its user may still sign in."""
    site = site_of(request)
    session = site.sessions.read(request)
    if session is None:
        return None
    user = site.deployment.users.in_session(session.user, session.id)
    if user is None or user.epoch != session.epoch:
        return None
    return Caller(user, rights_of(user.role), session)


def page_caller(request: Request) -> Caller:
    """For pages: a caller without a session is sent to the sign-in page."""
    caller = session_caller(request)
    if caller is None:
        raise SignInNeededError
    request.state.caller = caller
    return caller


def results_caller(request: Request) -> Caller | None:
    """For results: the caller by bearer token or by session, None for a stranger.

    Raises:
        Problem: 401 for a token that is not valid, 403 for a token that may not read, 429 above its rate limit.
    """
    caller = _bearer(request)
    if caller is not None:
        allowance = site_of(request).api_limit.take(caller.name)
        request.state.headers = allowance.headers()
        if not allowance.passes:
            raise Problem(429, f"more than {allowance.limit} requests a minute; try again in {allowance.reset} s")
        if Scope.READ not in caller.scopes:
            raise Problem(403, f"this needs the scope '{Scope.READ}', which these credentials do not have")
    else:
        caller = session_caller(request)
    request.state.caller = caller
    return caller


def check_public(request: Request) -> None:
    """For results that are public, and have no callers: a limit for each network address.

    Raises:
        Problem: 429 above the limit.
    """
    site = site_of(request)
    allowance = site.public_limit.take(site.network(request))
    if not allowance.passes:
        raise Problem(
            429,
            f"more than {allowance.limit:,} pictures a minute; try again in {allowance.reset} s",
            headers=allowance.headers(),
        )


def operator_caller(caller: Annotated[Caller, Depends(page_caller)]) -> Caller:
    """For operators' pages. For other callers, the pages do not exist."""
    if not caller.is_operator:
        raise Problem(404, "there is no such page")
    return caller


def form_caller(
    request: Request,
    caller: Annotated[Caller, Depends(page_caller)],
    csrf_token: Annotated[str, Form(max_length=128)] = "",
) -> Caller:
    """For changes: the request must come from a page of this session, as a field or a header proves."""
    check_form_token(request, caller.session, request.headers.get(FORM_TOKEN_HEADER) or csrf_token)
    return caller


def operator_form_caller(caller: Annotated[Caller, Depends(form_caller)]) -> Caller:
    return operator_caller(caller)


def has_credentials(request: Request) -> bool:
    """Whether the request comes with a token that is valid, or with a session cookie that the dashboard has signed."""
    site = site_of(request)
    token = _bearer_token(request)
    return site.deployment.users.bearer(token) is not None if token else site.sessions.read(request) is not None


class ApiCaller:
    """A dependency of API routes: the caller, who must hold the scope; counts against their rate limit."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, request: Request) -> Caller:
        caller = _bearer(request) or session_caller(request)
        site = site_of(request)
        if caller is None:
            allowance = site.strangers.take(site.network(request))
            request.state.headers = allowance.headers()
            if not allowance.passes:
                raise Problem(429, "too many requests without valid credentials; wait, then sign in")
            raise Problem(
                401,
                "no valid bearer token and no session; make a token with `pixelfleet user token`",
                headers={"WWW-Authenticate": 'Bearer realm="pixelfleet"'},
            )
        request.state.caller = caller
        allowance = site.api_limit.take(caller.name)
        request.state.headers = allowance.headers()
        if not allowance.passes:
            raise Problem(429, f"more than {allowance.limit} requests a minute; try again in {allowance.reset} s")
        if caller.session is not None and request.method not in SAFE_METHODS:
            check_form_token(request, caller.session, request.headers.get(FORM_TOKEN_HEADER, ""))
        if self.scope not in caller.scopes:
            raise Problem(403, f"this needs the scope '{self.scope}', which these credentials do not have")
        return caller


def caused_by_another_site(request: Request) -> bool:
    """Whether the browser says so. A browser without the header sends no session's cookie with such a request."""
    return request.headers.get("sec-fetch-site", "same-origin") not in SAFE_FETCH


def check_same_site(request: Request) -> None:
    """Raises Problem 403 for a request that another site caused."""
    if caused_by_another_site(request):
        raise Problem(403, "another site sent this; load the page of the dashboard and repeat")


def check_form_token(request: Request, session: Session | None, token: str) -> None:
    """Raises Problem 403 for a request that another site may have caused."""
    fits = session is not None and site_of(request).sessions.form_token_fits(session.id, token)
    if caused_by_another_site(request) or not fits:
        raise Problem(403, "the form's token is missing or out of date; load the page again and repeat")


def _bearer(request: Request) -> Caller | None:
    token = _bearer_token(request)
    if not token:
        return None
    site: Site = site_of(request)
    holder = site.deployment.users.bearer(token)
    if holder is None:
        allowance = site.strangers.take(site.network(request))
        request.state.headers = allowance.headers()
        raise Problem(
            401 if allowance.passes else 429,
            "this bearer token is unknown, expired or revoked",
            headers={"WWW-Authenticate": 'Bearer realm="pixelfleet", error="invalid_token"'},
        )
    return Caller(holder.user, holder.scopes, expires_at=holder.expires_at)


def _bearer_token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


Reader = Annotated[Caller, Depends(ApiCaller(Scope.READ))]
Writer = Annotated[Caller, Depends(ApiCaller(Scope.WRITE))]
Operator = Annotated[Caller, Depends(ApiCaller(Scope.OPERATE))]
PageCaller = Annotated[Caller, Depends(page_caller)]
FormCaller = Annotated[Caller, Depends(form_caller)]
OperatorPage = Annotated[Caller, Depends(operator_caller)]
OperatorForm = Annotated[Caller, Depends(operator_form_caller)]
