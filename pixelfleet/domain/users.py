"""Users, their tokens, and what each may do."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator

from pixelfleet.domain.keys import DEFAULT_OWNER, place_of
from pixelfleet.domain.records import WholeRecord, as_member


class Role(StrEnum):
    """An operator sees all owners' images and the state of the deployment; a user sees the user's images."""

    USER = "user"
    OPERATOR = "operator"


class Scope(StrEnum):
    """A right of a token; a session has all rights of its user's role."""

    READ = "read"
    WRITE = "write"
    OPERATE = "operate"


OpenRole = Annotated[Role, BeforeValidator(lambda value: as_member(Role, value))]
OpenScope = Annotated[Scope, BeforeValidator(lambda value: as_member(Scope, value))]

_RIGHTS: Final = {Role.USER: frozenset({Scope.READ, Scope.WRITE}), Role.OPERATOR: frozenset(Scope)}


def rights_of(role: Role) -> frozenset[Scope]:
    """All rights of a role: none of a role of a newer release, which may have fewer rights than a user."""
    return _RIGHTS.get(role, frozenset())


class TokenNote(WholeRecord):
    """A token in its user's record: enough to recognise and revoke the token, not to use it. Epoch seconds."""

    digest: str
    label: str
    scopes: tuple[OpenScope, ...]
    created_at: str
    expires_at: int


class User(WholeRecord):
    """A user, and the owner of that name. `epoch` counts the changes that end all sessions: password, disabling."""

    name: str
    role: OpenRole = Role.USER
    password: str
    email: str | None = None
    disabled: bool = False
    epoch: int = 0
    created_at: str
    tokens: tuple[TokenNote, ...] = ()
    version: int = 0

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR


def fit_name(name: str) -> bool:
    """Whether a user may have this name: `place_of` must read the same name from `uploads/<owner>/...`."""
    return place_of(f"uploads/{name}/b/x").owner == name and name != DEFAULT_OWNER
