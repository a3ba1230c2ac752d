"""One's own account: password and API tokens."""

import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response

from dashboard.auth.hashing import in_hashing_thread
from dashboard.callers import Caller, FormCaller, PageCaller
from dashboard.problem import Problem
from dashboard.site import site_of
from pixelfleet.credentials.passwords import hash_password, password_matches
from pixelfleet.domain.users import Scope

router = APIRouter()

_CHANGED: Final = "Your password is changed; other sessions and your API tokens have ended."
_CHANGED_KEPT: Final = "Your password is changed; other sessions have ended, your API tokens go on."


@router.get("/account")
def account(request: Request, caller: PageCaller) -> Response:
    return _page(request, caller, {})


@router.post("/account/password")
async def change_password(
    request: Request,
    caller: FormCaller,
    current: Annotated[str, Form(max_length=1024)],
    new: Annotated[str, Form(max_length=1024)],
    *,
    keep_tokens: Annotated[bool, Form()] = False,
) -> Response:
    """Ends all other sessions, and the API tokens unless they are to be kept; this session goes on under a new id."""
    return await in_hashing_thread(_change_password, request, caller, current, new, keep_tokens)


def _change_password(request: Request, caller: Caller, current: str, new: str, keep_tokens: bool) -> Response:
    site = site_of(request)
    address = site.network(request)
    if not site.deployment.users.may_try(caller.name, address):
        raise Problem(429, "too many wrong passwords; try again in some minutes")
    if not password_matches(current, caller.user.password):
        raise Problem(400, "the present password is not right")
    changed = site.deployment.users.set_password(caller.name, hash_password(new), keep_tokens=keep_tokens)
    site.deployment.users.forget_failures(caller.name, address)
    kept = Response()
    session = site.sessions.begin(kept, changed.name, changed.epoch)
    request.state.caller = Caller(changed, caller.scopes, session)
    response = _page(request, request.state.caller, {"told": _CHANGED_KEPT if keep_tokens else _CHANGED})
    response.headers["set-cookie"] = kept.headers["set-cookie"]
    return response


@router.post("/account/tokens")
def make_token(
    request: Request,
    caller: FormCaller,
    label: Annotated[str, Form(min_length=1, max_length=100)],
    days: Annotated[int, Form(ge=1, le=366)],
    scopes: Annotated[list[Scope], Form(min_length=1)],
) -> Response:
    token, _ = site_of(request).deployment.users.issue_token(caller.name, label, tuple(dict.fromkeys(scopes)), days)
    return _page(request, caller, {"token": token})


@router.post("/account/tokens/revoke")
def revoke_token(
    request: Request, caller: FormCaller, digest: Annotated[str, Form(pattern="^[0-9a-f]{64}$")]
) -> Response:
    site_of(request).deployment.users.revoke_token(caller.name, digest)
    return _page(request, caller, {"told": "The token is revoked."})


def _page(request: Request, caller: Caller, values_of_action: dict[str, Any]) -> Response:
    site = site_of(request)
    user = site.deployment.users.get(caller.name)
    now = int(time.time())
    values = {
        "tokens": [token for token in (user.tokens if user else ()) if token.expires_at > now],
        "scopes": [scope for scope in Scope if scope in caller.scopes],
        "token": None,
        "told": None,
    }
    return site.page(request, "account.html", values | values_of_action)
