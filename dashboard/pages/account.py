"""The account of the user: password and API tokens."""

import time
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response

from dashboard.auth.hashing import in_hashing_thread
from dashboard.callers import Caller, FormCaller, PageCaller
from dashboard.flash import Note
from dashboard.forms import Sent
from dashboard.passwords import PasswordChange, WrongPasswordError, change_own_password
from dashboard.site import site_of
from pixelfleet.catalog.users import LONGEST_TOKEN_DAYS
from pixelfleet.domain.users import Scope
from pixelfleet.errors import SetupError

router = APIRouter()

_CHANGED: Final = "Your password is changed; other sessions and your API tokens have ended."
_CHANGED_KEPT: Final = "Your password is changed; other sessions have ended, your API tokens go on."
_PAGE: Final = "/account"


@router.get("/account")
def account(request: Request, caller: PageCaller) -> Response:
    return _page(request, caller)


@router.post("/account/password")
async def change_password(
    request: Request,
    caller: FormCaller,
    current: Annotated[str, Form(max_length=1024)] = "",
    new: Annotated[str, Form(max_length=1024)] = "",
    *,
    keep_tokens: Annotated[bool, Form()] = False,
) -> Response:
    """Ends all other sessions, and the API tokens unless the user keeps them. This session goes on under a new id."""
    return await in_hashing_thread(_change_password, request, caller, current, new, keep_tokens)


def _change_password(request: Request, caller: Caller, current: str, new: str, keep_tokens: bool) -> Response:
    site = site_of(request)
    sent = Sent({"keep_tokens": keep_tokens})
    try:
        change = PasswordChange(current, new, keep_tokens)
        changed = change_own_password(site, caller, site.network(request), change)
    except WrongPasswordError:
        sent.wrong("current", "this is not your present password")
        return _page(request, caller, password=sent)
    except SetupError as error:
        sent.wrong("new", str(error))
        return _page(request, caller, password=sent)
    kept = Response()
    session = site.sessions.begin(kept, changed.name, changed.epoch)
    request.state.caller = Caller(changed, caller.scopes, session)
    response = site.after_form(request, _PAGE, Note(_CHANGED_KEPT if keep_tokens else _CHANGED))
    response.headers.append("set-cookie", kept.headers["set-cookie"])
    return response


@router.post("/account/tokens")
def make_token(
    request: Request,
    caller: FormCaller,
    label: Annotated[str, Form(max_length=1024)] = "",
    days: Annotated[str, Form(max_length=12)] = "",
    scopes: Annotated[list[str] | None, Form(max_length=len(Scope))] = None,
) -> Response:
    sent = Sent({"label": label, "days": days, "scopes": scopes or []})
    name = sent.text("label", "what the token is for", 100)
    lives = sent.number("days", 1, LONGEST_TOKEN_DAYS)
    chosen = tuple(scope for scope in Scope if scope in (scopes or []))
    if lives is None:
        sent.wrong("days", f"a whole number from 1 to {LONGEST_TOKEN_DAYS}")
    if not chosen:
        sent.wrong("scopes", "choose what the token may do")
    if lives is None or not sent.right:
        return _page(request, caller, token=sent)
    site = site_of(request)
    try:
        token, _ = site.deployment.users.issue_token(caller.name, name, chosen, lives)
    except SetupError as error:
        sent.wrong("label", str(error))
        return _page(request, caller, token=sent)
    return site.after_form(request, _PAGE, Note(f"The token for {name}, shown only now:", token))


@router.post("/account/tokens/revoke")
def revoke_token(
    request: Request, caller: FormCaller, digest: Annotated[str, Form(pattern="^[0-9a-f]{64}$")]
) -> Response:
    site = site_of(request)
    site.deployment.users.revoke_token(caller.name, digest)
    return site.after_form(request, _PAGE, Note("The token is revoked."))


def _page(request: Request, caller: Caller, **sent: Sent) -> Response:
    """With a wrong form in `sent`, the status is 422."""
    site = site_of(request)
    user = site.deployment.users.get(caller.name)
    now = int(time.time())
    values = {
        "tokens": [token for token in (user.tokens if user else ()) if token.expires_at > now],
        "used": site.deployment.users.token_uses([user] if user else []),
        "scopes": [scope for scope in Scope if scope in caller.scopes],
        "password_form": sent.get("password", Sent()),
        "token_form": sent.get("token", Sent({"days": "90", "scopes": ["read"]})),
    }
    return site.page(request, "account.html", values, 422 if sent else 200)
