"""Signing in and out."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from dashboard.auth.hashing import in_hashing_thread
from dashboard.auth.sessions import SESSION_SECONDS
from dashboard.callers import PageCaller, caused_by_another_site, check_same_site, session_caller
from dashboard.problems import SIGN_IN
from dashboard.site import Site, site_of
from pixelfleet.catalog.sign_in_attempts import LOCKED_SECONDS
from pixelfleet.credentials.passwords import password_matches
from pixelfleet.domain.users import User

router = APIRouter()

#: One sentence for all errors, so that the answer does not show which names are users.
_WRONG: Final = "User name or password is not right."
_ENDED: Final = "Your session had ended, and what you sent was not carried out. Sign in and send it again."
_LOCKED: Final = f"Too many attempts. Try again in {LOCKED_SECONDS // 60} minutes."


@router.get(SIGN_IN)
def sign_in(request: Request, next: str = "/", ended: str = "") -> Response:  # noqa: A002 - the name in the address
    if session_caller(request) is not None:
        return RedirectResponse(safe_path(next), 303)
    return _form(request, next, _ENDED if ended else "")


@router.get("/session")
def session(request: Request, caller: PageCaller) -> dict[str, str]:
    """For scripts of a page that outlived its session: the signed-in user, and the token for the page's requests."""
    site = site_of(request)
    return {"user": caller.name, "form_token": site.sessions.form_token(caller.session.id) if caller.session else ""}


@router.post(SIGN_IN)
async def signed_in(
    request: Request,
    user: Annotated[str, Form(max_length=128)],
    password: Annotated[str, Form(max_length=1024)],
    csrf_token: Annotated[str, Form(max_length=128)] = "",
    next: Annotated[str, Form(max_length=2048)] = "/",  # noqa: A002
) -> Response:
    site = site_of(request)
    visit = site.sessions.read_visit(request)
    if caused_by_another_site(request) or visit is None or not site.sessions.form_token_fits(visit, csrf_token):
        return _form(request, next, "The form was out of date. Please try again.", 400, user)
    # This check is before the wait for a thread: one address cannot take the places of all others.
    if not site.strangers.take(site.network(request)).passes:
        return _form(request, next, _LOCKED, 429, user)
    return await in_hashing_thread(_sign_in, request, user, password, next)


def _sign_in(request: Request, user: str, password: str, target: str) -> Response:
    site = site_of(request)
    address = site.network(request)
    if not site.deployment.sign_in_attempts.may_try(user, address):
        return _form(request, target, _LOCKED, 429, user)
    person = _authenticated(site, user, password)
    if person is None:
        return _form(request, target, _WRONG, 401, user)
    site.deployment.sign_in_attempts.forget(user, address)
    response = RedirectResponse(safe_path(target), 303)
    site.sessions.begin(response, person.name, person.epoch)
    return response


@router.post("/sign-out")
def signed_out(request: Request) -> Response:
    """Ends the session, whatever the age of the page: signing out is harmless, so the token of its form may be old."""
    check_same_site(request)
    site = site_of(request)
    session = site.sessions.read(request)
    if session is not None:
        site.deployment.users.end_session(session.id, SESSION_SECONDS)
    response = RedirectResponse(SIGN_IN, 303)
    site.sessions.end(response)
    # The browser deletes the pages that it keeps for "back".
    response.headers["Clear-Site-Data"] = '"cache"'
    if site.cloudfront is not None:
        site.cloudfront.shut_out(response)
    return response


def safe_path(path: str) -> str:
    """The path on this site for the next page. A path that could lead to another site becomes the home page.

    Browsers read `//host`, `/\\host`, also with control characters in between, as another site.
    """
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else "/"


def _authenticated(site: Site, name: str, password: str) -> User | None:
    """The user, if the password is theirs and they are not disabled; as slow for an unknown name."""
    person = site.deployment.users.get(name)
    right = password_matches(password, person.password if person else None)
    return person if right and person is not None and not person.disabled else None


def _form(request: Request, target: str, problem: str = "", status: int = 200, user: str = "") -> Response:
    site = site_of(request)
    kept = Response()
    visit = site.sessions.visit(request, kept)
    values = {
        "next": safe_path(target),
        "problem": problem,
        "user": user[:128],
        "form_token": site.sessions.form_token(visit),
    }
    response = site.page(request, "sign_in.html", values, status)
    response.headers.update({k: v for k, v in kept.headers.items() if k == "set-cookie"})
    return response
