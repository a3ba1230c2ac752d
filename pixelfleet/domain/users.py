"""Users, their tokens, and what each may do."""

from enum import StrEnum

from pixelfleet.domain.keys import DEFAULT_OWNER, place_of
from pixelfleet.domain.records import WholeRecord


class Role(StrEnum):
    """An operator sees all owners' images and the fleet; a user their own images."""

    USER = "user"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What a token may do; a session may do all that its user's role allows."""

    READ = "read"
    WRITE = "write"
    OPERATE = "operate"


class TokenNote(WholeRecord):
    """A token in its user's record: enough to recognise and revoke the token, not to use it. Epoch seconds."""

    digest: str
    label: str
    scopes: tuple[Scope, ...]
    created_at: str
    expires_at: int


class User(WholeRecord):
    """A person; also the owner of that name. `epoch` counts what ends all sessions: a new password, a disabling."""

    name: str
    role: Role = Role.USER
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
    """Whether it can name a user: it must be read back from `uploads/<owner>/...` as it is."""
    return place_of(f"uploads/{name}/b/x").owner == name and name != DEFAULT_OWNER
