"""The models of users and tokens."""

from datetime import UTC, datetime

from pydantic import Field

from dashboard.api.models.base import Model
from pixelfleet.catalog.users import LONGEST_TOKEN_DAYS
from pixelfleet.domain.records import timestamp
from pixelfleet.domain.users import Role, Scope, TokenNote, User
from pixelfleet.operations.users import short_id


class WhoAmI(Model):
    name: str = Field(examples=["ana"])
    role: Role = Field(examples=["user"])
    scopes: list[Scope] = Field(description="The scopes of these credentials.", examples=[["read", "write"]])


class UserOut(Model):
    name: str = Field(examples=["ana"])
    role: Role = Field(examples=["user"])
    email: str | None = Field(examples=["ana@example.com"])
    disabled: bool = Field(examples=[False])
    created_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    tokens: int = Field(description="The number of the user's API tokens.", examples=[1])

    @classmethod
    def of(cls, user: User) -> "UserOut":
        same = ("name", "role", "email", "disabled", "created_at")
        return cls(**{name: getattr(user, name) for name in same}, tokens=len(user.tokens))


class UsersOut(Model):
    users: list[UserOut]


class NewUserIn(Model):
    name: str = Field(min_length=1, max_length=64, examples=["ana"])
    role: Role = Field(Role.USER, examples=["user"])
    email: str | None = Field(None, max_length=200, description="Gets mail about their batches.", examples=[None])


class UserChangeIn(Model):
    """A missing field stays as it is."""

    role: Role | None = Field(None, examples=["operator"])
    disabled: bool | None = Field(None, description="Whether the user is locked out.", examples=[None])


class PasswordOut(Model):
    """The password is shown once, and stored only as a hash."""

    user: UserOut
    password: str = Field(examples=["fjord-lamp-quartz-2917"])
    warning: str | None = Field(None, description="Why no mail is sent, if so.", examples=[None])


class PasswordIn(Model):
    """A change of the caller's own password."""

    current: str = Field(max_length=1024, description="The present password.", examples=["fjord-lamp-quartz-2917"])
    new: str = Field(max_length=1024, description="12 to 256 characters.", examples=["correct horse battery"])
    keep_tokens: bool = Field(False, description="Whether your API tokens go on.", examples=[True])


class TokenOut(Model):
    """A token without its secret. Times are in UTC. The last use is exact to the hour."""

    id: str = Field(description="The beginning of the token's digest.", examples=["3f0c9a51b2d4"])
    label: str = Field(examples=["camera import"])
    scopes: list[Scope] = Field(examples=[["read", "write"]])
    created_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    expires_at: str = Field(examples=["2027-02-18T09:00:00.000Z"])
    used_at: str | None = Field(examples=["2026-11-26T14:00:00.000Z"])

    @classmethod
    def of(cls, note: TokenNote, used_at: int | None) -> "TokenOut":
        return cls(
            id=short_id(note),
            label=note.label,
            scopes=list(note.scopes),
            created_at=note.created_at,
            expires_at=_moment(note.expires_at),
            used_at=_moment(used_at) if used_at else None,
        )


class TokensOut(Model):
    tokens: list[TokenOut]


class TokenIn(Model):
    label: str = Field(
        min_length=1, max_length=100, description="The purpose of the token.", examples=["camera import"]
    )
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope), examples=[["read"]])
    days: int = Field(90, ge=1, le=LONGEST_TOKEN_DAYS, description="Days until the token expires.", examples=[30])


class NewTokenOut(TokenOut):
    secret: str = Field(description="Shown once, stored nowhere.", examples=["pxf_..."])


def _moment(seconds: int) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))
