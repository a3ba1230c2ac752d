"""Changes that operators make to users, from the command line and the dashboard. Each is noted as an activity."""

import re
from dataclasses import dataclass
from typing import Final

from pixelfleet.credentials.passwords import hash_password, new_password
from pixelfleet.deployment import Deployment
from pixelfleet.domain.users import Role, Scope, TokenNote, User
from pixelfleet.errors import SetupError, TransientError

#: The name of the first user of a deployment.
FIRST_OPERATOR: Final = "operator"
#: Refuses a mistyped address; SNS asks the address itself to confirm.
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be added, as an operator names them. `email` gets mail about their batches."""

    name: str
    role: Role = Role.USER
    email: str | None = None


@dataclass(frozen=True, slots=True)
class AddedUser:
    """A new user. `warning` says why the address gets no mail, if it could not be subscribed."""

    user: User
    warning: str | None = None


def add_user(deployment: Deployment, who: str, user: NewUser, password: str) -> AddedUser:
    """Add a user, and subscribe their address to their notices.

    The user is added even if the subscription fails: the password is shown once, and must not be lost.

    Raises:
        SetupError: the name is taken or not allowed, or the address is not an address. Nothing was added.
    """
    if user.email is not None and not _EMAIL.fullmatch(user.email):
        raise SetupError(f"{user.email!r} is not an address such as ana@example.com")
    added = deployment.users.add(user.name, hash_password(password), user.role, user.email)
    deployment.activity.note(who, "add user", user.name, {"role": user.role.value})
    if user.email is None:
        return AddedUser(added)
    try:
        deployment.notices.subscribe(user.email, user.name)
    except (SetupError, TransientError) as error:
        return AddedUser(added, f"{user.email} gets no mail: {error}")
    return AddedUser(added)


def add_first_operator(deployment: Deployment, who: str) -> tuple[str, str] | None:
    """Add an operator to a deployment without users. Returns the name and the password, which is stored nowhere.

    Returns None where there is a user already.
    """
    if deployment.users.all():
        return None
    password = new_password()
    add_user(deployment, who, NewUser(FIRST_OPERATOR, Role.OPERATOR), password)
    return FIRST_OPERATOR, password


def reset_password(deployment: Deployment, who: str, name: str, password: str, *, keep_tokens: bool = False) -> User:
    """End the user's sessions, and the API tokens unless they are kept.

    Raises:
        SetupError: there is no such user, or the password is too weak.
    """
    changed = deployment.users.set_password(name, hash_password(password), keep_tokens=keep_tokens)
    deployment.activity.note(who, "reset password", name)
    return changed


def set_disabled(deployment: Deployment, who: str, name: str, *, disabled: bool) -> User:
    """Lock a user out, or let a user in again.

    Raises:
        SetupError: there is no such user.
    """
    changed = deployment.users.set_disabled(name, disabled=disabled)
    deployment.activity.note(who, "disable user" if disabled else "enable user", name)
    return changed


def set_role(deployment: Deployment, who: str, name: str, role: Role) -> User:
    """Make a user an operator, or an operator a user again.

    Raises:
        SetupError: there is no such user.
    """
    changed = deployment.users.set_role(name, role)
    deployment.activity.note(who, "set role", name, {"role": role.value})
    return changed


def remove_user(deployment: Deployment, who: str, name: str) -> None:
    """Remove a user with all tokens; the images stay.

    Raises:
        SetupError: there is no such user.
    """
    deployment.users.remove(name)
    deployment.activity.note(who, "remove user", name)


def issue_token(
    deployment: Deployment, who: str, name: str, label: str, scopes: tuple[Scope, ...], days: int
) -> tuple[str, TokenNote]:
    """Make a token for a user. The first value is the secret, which is stored nowhere.

    Raises:
        SetupError: there is no such user, or the user cannot have this scope or another token.
    """
    secret, note = deployment.users.issue_token(name, label, scopes, days)
    details: dict[str, int | str] = {
        "token": short_id(note),
        "label": note.label,
        "scopes": " ".join(scope.value for scope in scopes),
        "days": days,
    }
    deployment.activity.note(who, "make token", name, details)
    return secret, note


def revoke_token(deployment: Deployment, who: str, name: str, digest: str) -> None:
    """Revoke a token of a user, by its digest or the beginning of it.

    Raises:
        SetupError: no token or several tokens of the user begin so.
    """
    deployment.users.revoke_token(name, digest)
    deployment.activity.note(who, "revoke token", name, {"token": digest[:12]})


def short_id(note: TokenNote) -> str:
    """The id of a token as lists show it: the first 12 hex characters of its digest."""
    return note.digest[:12]
