"""/tokens and /account/password: the caller's own API tokens and password."""

import time

from fastapi import APIRouter, Request, Response

from dashboard.api.etags import READING, tagged
from dashboard.api.models.users import NewTokenOut, PasswordIn, TokenIn, TokenOut, TokensOut
from dashboard.api.users import TokenId, tokens_of
from dashboard.auth.hashing import in_hashing_thread
from dashboard.callers import Caller, Reader, Writer
from dashboard.passwords import PasswordChange, WrongPasswordError, change_own_password
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import site_of
from pixelfleet.domain.users import Scope

router = APIRouter(tags=["users"])

_DAY = 86_400


@router.get("/tokens", response_model=TokensOut, responses=READING, summary="List the API tokens of the caller")
def list_tokens(request: Request, caller: Reader) -> Response:
    return tagged(request, tokens_of(site_of(request), caller.name))


@router.post(
    "/tokens",
    status_code=201,
    response_model=NewTokenOut,
    responses=responses(400, 401, 403, 422, 429, 503),
    summary="Make an API token",
)
def make_token(request: Request, caller: Writer, body: TokenIn) -> NewTokenOut:
    """A token may make tokens with its own rights or fewer. They expire when the token expires, or earlier."""
    _may_make(caller, body)
    scopes = tuple(scope for scope in Scope if scope in body.scopes)
    secret, note = site_of(request).deployment.users.issue_token(caller.name, body.label, scopes, body.days)
    return NewTokenOut(**TokenOut.of(note, None).model_dump(), secret=secret)


@router.delete(
    "/tokens/{token_id}",
    status_code=204,
    responses=responses(400, 401, 403, 422, 429, 503),
    summary="Revoke an API token of the caller",
)
def revoke_token(request: Request, caller: Writer, token_id: TokenId) -> Response:
    site_of(request).deployment.users.revoke_token(caller.name, token_id)
    return Response(status_code=204)


@router.put(
    "/account/password",
    status_code=204,
    responses=responses(400, 401, 403, 422, 429, 503),
    summary="Change your password",
)
async def change_password(request: Request, caller: Writer, body: PasswordIn) -> Response:
    """Your sessions end. Your API tokens end too, also the token of this request, unless `keep_tokens` is true."""
    site = site_of(request)
    change = PasswordChange(body.current, body.new, body.keep_tokens)
    try:
        await in_hashing_thread(change_own_password, site, caller, site.network(request), change)
    except WrongPasswordError:
        raise Problem(403, "`current` is not your present password") from None
    return Response(status_code=204)


def _may_make(caller: Caller, body: TokenIn) -> None:
    """Raises Problem 403 for a token with more rights, or a later end, than the token of the request."""
    beyond = set(body.scopes) - caller.scopes
    if beyond:
        raise Problem(403, f"these credentials do not have the scope {', '.join(sorted(beyond))} themselves")
    if caller.expires_at is not None and time.time() + body.days * _DAY > caller.expires_at:
        raise Problem(403, "a token makes no token that outlives it; sign in to make one")
