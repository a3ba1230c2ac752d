"""Pages on which operators see and change users."""

import time
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from dashboard.callers import OperatorForm, OperatorPage
from dashboard.flash import Note
from dashboard.forms import Sent
from dashboard.problem import Problem
from dashboard.site import site_of
from pixelfleet.credentials.passwords import new_password
from pixelfleet.domain.users import Role
from pixelfleet.errors import SetupError
from pixelfleet.operations import users as operations

router = APIRouter()


@router.get("/users")
def users(request: Request, caller: OperatorPage) -> Response:
    return _page(request)


@router.post("/users")
def add(
    request: Request,
    caller: OperatorForm,
    name: Annotated[str, Form(max_length=256)] = "",
    role: Annotated[str, Form(max_length=16)] = Role.USER.value,
    email: Annotated[str, Form(max_length=256)] = "",
) -> Response:
    """Only the next page shows the password."""
    site = site_of(request)
    sent = Sent({"name": name, "role": role, "email": email})
    chosen = sent.choice("role", Role) or Role.USER
    named = sent.text("name", "the name", 64)
    if not sent.right:
        return _page(request, sent)
    password = new_password()
    try:
        user = operations.NewUser(named, chosen, email.strip() or None)
        added = operations.add_user(site.deployment, caller.name, user, password)
    except SetupError as error:
        sent.wrong("email" if "address" in str(error) else "name", str(error))
        return _page(request, sent)
    warning = f" {added.warning}." if added.warning else ""
    return site.after_form(
        request, "/users", Note(f"{named} is added.{warning} The password, shown only now:", password)
    )


@router.post("/users/{name}/password")
def reset(request: Request, caller: OperatorForm, name: str) -> Response:
    site = site_of(request)
    password = new_password()
    operations.reset_password(site.deployment, caller.name, name, password)
    return site.after_form(request, "/users", Note(f"The new password of {name}, shown only now:", password))


@router.post("/users/{name}/disabled")
def disable(request: Request, caller: OperatorForm, name: str, *, disabled: Annotated[bool, Form()]) -> Response:
    if name == caller.name:
        raise Problem(400, "nobody disables themselves; another operator can")
    site = site_of(request)
    operations.set_disabled(site.deployment, caller.name, name, disabled=disabled)
    return site.after_form(request, "/users", Note(f"{name} is {'disabled' if disabled else 'enabled'}."))


@router.post("/users/{name}/role")
def set_role(request: Request, caller: OperatorForm, name: str, role: Annotated[Role, Form()]) -> Response:
    if name == caller.name:
        raise Problem(400, "nobody changes their own role; another operator can")
    operations.set_role(site_of(request).deployment, caller.name, name, role)
    kind = "an operator" if role is Role.OPERATOR else "a user"
    return site_of(request).after_form(request, "/users", Note(f"{name} is {kind} now."))


@router.post("/users/{name}/remove")
def remove(request: Request, caller: OperatorForm, name: str) -> Response:
    if name == caller.name:
        raise Problem(400, "nobody removes themselves; another operator can")
    operations.remove_user(site_of(request).deployment, caller.name, name)
    return site_of(request).after_form(request, "/users", Note(f"{name} is removed. The images of {name} stay."))


@router.post("/users/{name}/tokens/revoke")
def revoke_token(
    request: Request, caller: OperatorForm, name: str, digest: Annotated[str, Form(pattern="^[0-9a-f]{64}$")]
) -> Response:
    operations.revoke_token(site_of(request).deployment, caller.name, name, digest)
    return site_of(request).after_form(request, "/users", Note(f"The token of {name} is revoked."))


def _page(request: Request, sent: Sent | None = None) -> Response:
    site = site_of(request)
    users, now = site.deployment.users.all(), int(time.time())
    tokens = [(user.name, token) for user in users for token in user.tokens if token.expires_at > now]
    values = {
        "users": users,
        "tokens": tokens,
        "used": site.deployment.users.token_uses(users),
        "roles": list(Role),
        "form": sent or Sent(),
    }
    return site.page(request, "users.html", values, 422 if sent else 200)
