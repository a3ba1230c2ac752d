"""/whoami and /users: the caller, all users, and the changes that operators make to users."""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from dashboard.api.etags import READING, tagged
from dashboard.api.models.users import (
    NewUserIn,
    PasswordOut,
    TokenOut,
    TokensOut,
    UserChangeIn,
    UserOut,
    UsersOut,
    WhoAmI,
)
from dashboard.callers import Caller, Operator, Reader
from dashboard.problem import Problem
from dashboard.problems import responses
from dashboard.site import Site, site_of
from pixelfleet.credentials.passwords import new_password
from pixelfleet.domain.users import User
from pixelfleet.operations import users as operations

router = APIRouter(tags=["users"])

_CHANGING = responses(400, 401, 403, 404, 422, 429, 503)
UserName = Annotated[str, Path(max_length=64, description="The user's name.")]
TokenId = Annotated[str, Path(pattern="^[0-9a-f]{12,64}$", description="The token's id.")]


@router.get("/whoami", response_model=WhoAmI, responses=READING, summary="Get the user of these credentials")
def who_am_i(request: Request, caller: Reader) -> Response:
    return tagged(request, WhoAmI(name=caller.name, role=caller.user.role, scopes=sorted(caller.scopes)))


@router.get("/users", response_model=UsersOut, responses=READING, summary="List all users by name")
def list_users(request: Request, caller: Operator) -> Response:
    users = [UserOut.of(user) for user in site_of(request).deployment.users.all()]
    return tagged(request, UsersOut(users=users))


@router.post("/users", status_code=201, response_model=PasswordOut, responses=_CHANGING, summary="Add a user")
def add_user(request: Request, caller: Operator, body: NewUserIn) -> PasswordOut:
    password = new_password()
    new = operations.NewUser(body.name, body.role, body.email)
    added = operations.add_user(site_of(request).deployment, caller.name, new, password)
    return PasswordOut(user=UserOut.of(added.user), password=password, warning=added.warning)


@router.get("/users/{name}", response_model=UserOut, responses=READING, summary="One user")
def get_user(request: Request, caller: Operator, name: UserName) -> Response:
    return tagged(request, UserOut.of(user_for(site_of(request), name)))


@router.patch("/users/{name}", response_model=UserOut, responses=_CHANGING, summary="Change a user's role or state")
def change_user(request: Request, caller: Operator, name: UserName, body: UserChangeIn) -> UserOut:
    site = site_of(request)
    user = another(site, caller, name)
    if body.role is not None:
        user = operations.set_role(site.deployment, caller.name, name, body.role)
    if body.disabled is not None:
        user = operations.set_disabled(site.deployment, caller.name, name, disabled=body.disabled)
    return UserOut.of(user)


@router.post(
    "/users/{name}/password", response_model=PasswordOut, responses=_CHANGING, summary="Give a user a new password"
)
def reset_password(request: Request, caller: Operator, name: UserName) -> PasswordOut:
    """The user's sessions and API tokens end."""
    site = site_of(request)
    another(site, caller, name)
    password = new_password()
    changed = operations.reset_password(site.deployment, caller.name, name, password)
    return PasswordOut(user=UserOut.of(changed), password=password)


@router.delete("/users/{name}", status_code=204, responses=_CHANGING, summary="Remove a user; the images stay")
def remove_user(request: Request, caller: Operator, name: UserName) -> Response:
    site = site_of(request)
    another(site, caller, name)
    operations.remove_user(site.deployment, caller.name, name)
    return Response(status_code=204)


@router.get(
    "/users/{name}/tokens", response_model=TokensOut, responses=READING, summary="List the API tokens of a user"
)
def list_tokens_of(request: Request, caller: Operator, name: UserName) -> Response:
    return tagged(request, tokens_of(site_of(request), name))


@router.delete(
    "/users/{name}/tokens/{token_id}", status_code=204, responses=_CHANGING, summary="Revoke a user's API token"
)
def revoke_token_of(request: Request, caller: Operator, name: UserName, token_id: TokenId) -> Response:
    operations.revoke_token(site_of(request).deployment, caller.name, name, token_id)
    return Response(status_code=204)


def tokens_of(site: Site, name: str) -> TokensOut:
    """The tokens of a user that have not expired. Raises Problem 404: there is no such user."""
    user, now = user_for(site, name), time.time()
    used = site.deployment.users.token_uses([user])
    return TokensOut(
        tokens=[TokenOut.of(token, used.get(token.digest)) for token in user.tokens if token.expires_at > now]
    )


def user_for(site: Site, name: str) -> User:
    """Raises Problem 404 for nobody."""
    user = site.deployment.users.get(name)
    if user is None:
        raise Problem(404, f"there is no user {name!r}")
    return user


def another(site: Site, caller: Caller, name: str) -> User:
    """A user that an operator may change. Raises Problem 400 for the operator's own name, 404 for no user."""
    if name == caller.name:
        raise Problem(400, "nobody changes their own role or state; another operator can")
    return user_for(site, name)
