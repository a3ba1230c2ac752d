"""Users, as operators see and change them."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from dashboard.callers import OperatorForm, OperatorPage
from dashboard.problem import Problem
from dashboard.site import Site, site_of
from pixelfleet.credentials.passwords import new_password
from pixelfleet.domain.users import Role
from pixelfleet.operations import users as operations

router = APIRouter()


@router.get("/users")
def users(request: Request, caller: OperatorPage) -> Response:
    return _page(request, {})


@router.post("/users")
def add(
    request: Request,
    caller: OperatorForm,
    name: Annotated[str, Form(max_length=64)],
    role: Annotated[Role, Form()] = Role.USER,
    email: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The password is in the answer and nowhere else."""
    site = site_of(request)
    password = new_password()
    added = operations.add_user(site.deployment, caller.name, operations.NewUser(name, role, email or None), password)
    return _page(request, {"made": name, "password": password, "warning": added.warning})


@router.post("/users/{name}/password")
def reset(request: Request, caller: OperatorForm, name: str) -> Response:
    site = site_of(request)
    password = new_password()
    operations.reset_password(site.deployment, caller.name, name, password)
    return _page(request, {"made": name, "password": password})


@router.post("/users/{name}/disabled")
def disable(
    request: Request, caller: OperatorForm, name: str, *, disabled: Annotated[bool, Form()]
) -> RedirectResponse:
    if name == caller.name:
        raise Problem(400, "nobody disables themselves; another operator can")
    site: Site = site_of(request)
    operations.set_disabled(site.deployment, caller.name, name, disabled=disabled)
    return RedirectResponse("/users", 303)


def _page(request: Request, values_of_action: dict[str, Any]) -> Response:
    site = site_of(request)
    values = {
        "users": site.deployment.users.all(),
        "roles": list(Role),
        "made": None,
        "password": None,
        "warning": None,
    }
    return site.page(request, "users.html", values | values_of_action)
