"""The users table: users, tokens by their digest, ended sessions. Failed sign-ins: see `sign_in_attempts`.

| key | what | lives |
| --- | --- | --- |
| `user#name` | a user | until deleted |
| `token#digest` | a bearer token: its user, its rights, its last use | until it expires |
| `ended#session` | a session after its sign-out | until the session would have ended |
| `failed#digest` | sign-ins that failed, of one account from one address | 15 minutes from the first |
| `directory` | the names of all users, so that listing them needs no Scan | always |

DynamoDB removes expired items hours late, so every reader compares `expires_at`, in epoch seconds.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import (
    CHANGE_TRIES,
    batch_get,
    condition_lost,
    from_attributes,
    pause,
    to_attributes,
    write,
)
from pixelfleet.catalog.items import user_item, user_of
from pixelfleet.credentials.tokens import new_token, token_digest
from pixelfleet.domain.records import timestamp
from pixelfleet.domain.users import Role, Scope, TokenNote, User, fit_name, rights_of
from pixelfleet.errors import Cause, SetupError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY: Final = 86_400
LONGEST_TOKEN_DAYS: Final = 366
MOST_TOKENS: Final = 50
#: Seconds for which the last use of a token is not written again: a write an hour, not a write a request.
USE_NOTED_FOR: Final = 3600


@dataclass(frozen=True, slots=True)
class Bearer:
    """The user of a token, the token's rights, and when it expires, in epoch seconds."""

    user: User
    scopes: frozenset[Scope]
    expires_at: int


class Users:
    """Methods raise TransientError when DynamoDB does not answer, SetupError for an error of the caller."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def add(self, name: str, password_hash: str, role: Role = Role.USER, email: str | None = None) -> User:
        """`password_hash` is of `pixelfleet.credentials.passwords`; this module never gets a password."""
        if not fit_name(name):
            raise SetupError(
                f"user {name!r}: a name has up to 64 letters, digits and . _ @ + = - after a letter or digit, "
                "and is not 'default'"
            )
        user = User(name=name, role=role, password=password_hash, email=email, created_at=timestamp())
        with translated("add a user"):
            # Into the directory first: `all` skips a name without a user, but never lists a user without a name.
            write(
                self._client.update_item,
                TableName=self._table,
                Key=_key("directory"),
                UpdateExpression="ADD people :name",
                ExpressionAttributeValues={":name": {"SS": [name]}},
            )
            if not self._put(user_item(user), "attribute_not_exists(user_id)"):
                raise SetupError(f"there is a user {name!r} already")
        return user

    def get(self, name: str) -> User | None:
        item = self._read(f"user#{name}")
        return user_of(item) if item else None

    def names(self) -> list[str]:
        """Everybody's names; one read."""
        return sorted(self._read("directory").get("people", set()))

    def all(self) -> list[User]:
        """All users, by name."""
        names = self._read("directory").get("people", set())
        items = batch_get(self._client, self._table, [_key(f"user#{name}") for name in sorted(names)])
        return sorted(map(user_of, items), key=lambda user: user.name)

    def set_password(self, name: str, password_hash: str, *, keep_tokens: bool = False) -> User:
        """Ends all of the user's sessions, and the API tokens unless they are kept."""

        def changed(user: User) -> dict[str, Any]:
            ended = {} if keep_tokens else {"tokens": ()}
            return {"password": password_hash, "epoch": user.epoch + 1, **ended}

        return self._change(name, changed)

    def set_disabled(self, name: str, *, disabled: bool) -> User:
        """A disabled user cannot sign in: their sessions end, and their tokens are refused until they are enabled."""
        return self._change(name, lambda user: {"disabled": disabled, "epoch": user.epoch + 1})

    def set_role(self, name: str, role: Role) -> User:
        """The role decides the rights at each request: open sessions go on with the new rights."""
        return self._change(name, lambda _: {"role": role})

    def issue_token(self, name: str, label: str, scopes: tuple[Scope, ...], days: int) -> tuple[str, TokenNote]:
        """Make a token. Only this call returns the secret."""
        if not 1 <= days <= LONGEST_TOKEN_DAYS:
            raise SetupError(f"a token lives 1 to {LONGEST_TOKEN_DAYS} days, not {days}")
        secret, now = new_token(), int(time.time())
        note = TokenNote(
            digest=token_digest(secret),
            label=label[:100],
            scopes=scopes,
            created_at=timestamp(),
            expires_at=now + days * DAY,
        )

        def noted(user: User) -> dict[str, Any]:
            if Scope.OPERATE in scopes and not user.is_operator:
                raise SetupError(f"{name} is not an operator, so no token of theirs can have the scope 'operate'")
            kept = tuple(token for token in user.tokens if token.expires_at > now)
            if len(kept) >= MOST_TOKENS:
                raise SetupError(f"{name} has {MOST_TOKENS} tokens; revoke one first")
            return {"tokens": (*kept, note)}

        self._change(name, noted)
        item = {"user_id": f"token#{note.digest}", "name": name, "expires_at": note.expires_at}
        with translated("store a token"):
            self._put(item | {"scopes": [scope.value for scope in scopes]}, None)
        return secret, note

    def revoke_token(self, name: str, digest: str) -> None:
        """Revoke a token, by its digest or the beginning of it.

        Raises:
            SetupError: no token or several tokens begin so.
        """
        user = self.get(name)
        digests = [t.digest for t in user.tokens if t.digest.startswith(digest)] if user else []
        if len(digests) != 1:
            raise SetupError(f"{name} has {len(digests)} tokens whose id begins with {digest!r}")
        with translated("revoke a token"):
            write(self._client.delete_item, TableName=self._table, Key=_key(f"token#{digests[0]}"))
        self._change(name, lambda now: {"tokens": tuple(t for t in now.tokens if t.digest != digests[0])})

    def remove(self, name: str) -> None:
        """Remove a user with all tokens; their sessions end. Repeated after a failure, it removes the rest.

        Raises:
            SetupError: there is no such user.
        """
        user = self.get(name)
        if user is None:
            raise SetupError(f"there is no user {name!r}; `pixelfleet user list` shows all users")
        with translated("remove a user"):
            for token in user.tokens:
                write(self._client.delete_item, TableName=self._table, Key=_key(f"token#{token.digest}"))
            write(self._client.delete_item, TableName=self._table, Key=_key(f"user#{name}"))
            # Out of the directory last: a name there without a user is skipped.
            write(
                self._client.update_item,
                TableName=self._table,
                Key=_key("directory"),
                UpdateExpression="DELETE people :name",
                ExpressionAttributeValues={":name": {"SS": [name]}},
            )

    def bearer(self, token: str) -> Bearer | None:
        """The owner of a token; None for a token that is unknown, expired, or of a disabled user."""
        item = self._read(f"token#{token_digest(token)}")
        if not item or item["expires_at"] <= time.time():
            return None
        user = self.get(item["name"])
        # The user's own list decides: a change of the password empties it at once.
        if user is None or user.disabled or token_digest(token) not in {note.digest for note in user.tokens}:
            return None
        self._note_use(item)
        scopes = frozenset(scope for scope in rights_of(user.role) if scope in item["scopes"])
        return Bearer(user, scopes, int(item["expires_at"]))

    def token_uses(self, users: Iterable[User]) -> dict[str, int]:
        """The last use of tokens, by digest, in epoch seconds and to the hour; without tokens that were never used."""
        keys = [_key(f"token#{token.digest}") for user in users for token in user.tokens]
        items = batch_get(self._client, self._table, keys, ("user_id", "used_at"))
        return {item["user_id"].removeprefix("token#"): item["used_at"] for item in items if "used_at" in item}

    def _note_use(self, item: dict[str, Any]) -> None:
        """Note the use of a token. A request is answered even if this note cannot be written."""
        now = int(time.time())
        if now - item.get("used_at", 0) < USE_NOTED_FOR:
            return
        with suppress(TransientError), translated("note the use of a token"):
            try:
                write(
                    self._client.update_item,
                    TableName=self._table,
                    Key=_key(item["user_id"]),
                    UpdateExpression="SET used_at = :now",
                    # A token that is revoked at this moment must not be stored again.
                    ConditionExpression="attribute_exists(user_id)",
                    ExpressionAttributeValues={":now": {"N": str(now)}},
                )
            except ClientError as error:
                if not condition_lost(error):
                    raise

    def in_session(self, name: str, session: str) -> User | None:
        """The user of a session, unless the session is ended or the user is disabled; one read."""
        keys = [_key(f"user#{name}"), _key(f"ended#{session}")]
        items = {item["user_id"]: item for item in batch_get(self._client, self._table, keys)}
        if f"ended#{session}" in items or f"user#{name}" not in items:
            return None
        user = user_of(items[f"user#{name}"])
        return None if user.disabled else user

    def end_session(self, session: str, seconds: int) -> None:
        """End a session: its cookies are refused for `seconds`, the rest of its life."""
        with translated("end a session"):
            self._put({"user_id": f"ended#{session}", "expires_at": int(time.time()) + seconds}, None)

    def _change(self, name: str, change: Callable[[User], dict[str, Any]]) -> User:
        for _ in range(CHANGE_TRIES):
            user = self.get(name)
            if user is None:
                raise SetupError(f"there is no user {name!r}; `pixelfleet user list` shows all users")
            after = user.model_copy(update=change(user) | {"version": user.version + 1})
            with translated("change a user"):
                if self._put(user_item(after), "version = :version", {":version": {"N": str(user.version)}}):
                    return after
            pause()
        raise TransientError(Cause.THROTTLED, f"user {name} is being written by too many at once")

    def _put(self, item: dict[str, Any], condition: str | None, values: dict[str, Any] | None = None) -> bool:
        """Write an item; False when the condition does not hold."""
        put: dict[str, Any] = {"TableName": self._table, "Item": to_attributes(item)}
        if condition is not None:
            put["ConditionExpression"] = condition
        if values:
            put["ExpressionAttributeValues"] = values
        try:
            write(self._client.put_item, **put)
        except ClientError as error:
            if condition_lost(error):
                return False
            raise
        return True

    def _read(self, user_id: str) -> dict[str, Any]:
        with translated("read a user"):
            answer = self._client.get_item(TableName=self._table, Key=_key(user_id), ConsistentRead=True)
        return from_attributes(answer.get("Item", {}))


def _key(user_id: str) -> Any:
    return {"user_id": {"S": user_id}}
