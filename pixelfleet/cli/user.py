"""`pixelfleet user`: who may sign in, and the tokens of programs."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from pixelfleet.cli.app import App
from pixelfleet.cli.console import RESULTS, AsJson, complain, count, emit, local, say
from pixelfleet.cli.selection import YesOption, confirm, who
from pixelfleet.credentials.passwords import new_password
from pixelfleet.deployment import Deployment
from pixelfleet.domain.users import Role, Scope, TokenNote, User
from pixelfleet.errors import SetupError
from pixelfleet.operations import users as operations
from pixelfleet.operations.users import short_id
from pixelfleet.settings import load_settings

user = App(name="user", help="Users who may sign in to the dashboard, and tokens for its API.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name, which is also the owner of their images.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, instead of making one.")
]


@user.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="An operator sees every owner's images and the fleet.")] = Role.USER,
    email: Annotated[
        str | None,
        typer.Option(
            help="Address for mail about completed batches and hourly failures; SNS sends a mail to confirm first."
        ),
    ] = None,
    *,
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add a user with a random password, which is printed once.

        pixelfleet user add ana --email ana@example.com

    Exit code 1 if the user is added, but no mail can be sent to the address.
    """
    password = _password(from_stdin=password_stdin)
    added = operations.add_user(Deployment(load_settings()), who(), operations.NewUser(name, role, email), password)
    _show(added.user, None if password_stdin else password, as_json=as_json)
    if added.warning is not None:
        complain(added.warning)
        raise typer.Exit(1)


@user.command()
def passwd(
    name: Name,
    *,
    password_stdin: FromStdin = False,
    keep_tokens: Annotated[bool, typer.Option("--keep-tokens", help="Keep the user's API tokens.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give a user a new random password, which is printed once; ends their sessions and API tokens."""
    password = _password(from_stdin=password_stdin)
    deployment = Deployment(load_settings())
    changed = operations.reset_password(deployment, who(), name, password, keep_tokens=keep_tokens)
    _show(changed, None if password_stdin else password, as_json=as_json)


@user.command()
def disable(name: Name, *, as_json: AsJson = False) -> None:
    """Lock a user out: their sessions end, and their tokens stop working. `enable` undoes it."""
    _show(operations.set_disabled(Deployment(load_settings()), who(), name, disabled=True), None, as_json=as_json)


@user.command()
def enable(name: Name, *, as_json: AsJson = False) -> None:
    """Let a disabled user in again."""
    _show(operations.set_disabled(Deployment(load_settings()), who(), name, disabled=False), None, as_json=as_json)


@user.command()
def role(
    name: Name, role: Annotated[Role, typer.Argument(metavar="ROLE", help="The new role.")], *, as_json: AsJson = False
) -> None:
    """Make a user an operator, or an operator a user again. The role changes at once, also in open sessions.

        pixelfleet user role ana operator

    `pixelfleet user list` shows the roles.
    """
    _show(operations.set_role(Deployment(load_settings()), who(), name, role), None, as_json=as_json)


@user.command()
def remove(name: Name, *, yes: YesOption = False, as_json: AsJson = False) -> None:
    """Remove a user: their sessions end, and their tokens stop working. Their images stay.

    A user of the same name who is added later has these images. `disable` keeps the user, and can be undone.

        pixelfleet user remove ana
    """
    deployment = Deployment(load_settings())
    stored = deployment.users.get(name)
    if stored is None:
        raise SetupError(f"there is no user {name!r}; `pixelfleet user list` shows all users")
    confirm(f"{stored.role} {name} with {count(len(stored.tokens), 'token')} would be removed.", yes=yes)
    operations.remove_user(deployment, who(), name)
    if as_json:
        emit({"removed": name, "tokens": len(stored.tokens)})
    else:
        say(f"{name} is removed, with {count(len(stored.tokens), 'token')}; the images of {name} stay")


@user.command()
def tokens(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only tokens of this user.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the tokens of one user or of all: label, scopes, expiry, and last use to the hour.

    `pixelfleet user token NAME --revoke ID` revokes one.
    """
    deployment = Deployment(load_settings())
    users = [stored for stored in deployment.users.all() if name in (None, stored.name)]
    if name is not None and not users:
        raise SetupError(f"there is no user {name!r}; `pixelfleet user list` shows all users")
    used = deployment.users.token_uses(users)
    if as_json:
        listed = [(one, note) for one in users for note in one.tokens]
        emit(
            {"tokens": [{"user": one.name} | _token(note) | {"used_at": used.get(note.digest)} for one, note in listed]}
        )
        return
    table = _table("user", "id", "label", "scopes", "made", "expires", "last used")
    for stored in users:
        for note in stored.tokens:
            expires, scopes = _day(note.expires_at), ", ".join(note.scopes)
            last = _day(used[note.digest]) if note.digest in used else "never"
            table.add_row(stored.name, short_id(note), note.label, scopes, local(note.created_at)[:10], expires, last)
    RESULTS.print(table if table.row_count else "there are no tokens")


@user.command(name="list")
def list_users(*, as_json: AsJson = False) -> None:
    """Show all users and how many tokens each has."""
    users = Deployment(load_settings()).users.all()
    if as_json:
        emit({"users": [_facts(stored) for stored in users]})
        return
    table = _table("name", "role", "state", "mail", "tokens", "since")
    for stored in users:
        state = "disabled" if stored.disabled else "active"
        mail, tokens = stored.email or "-", str(len(stored.tokens))
        table.add_row(stored.name, stored.role, state, mail, tokens, local(stored.created_at)[:10])
    RESULTS.print(table)


@user.command()
def token(
    name: Name,
    label: Annotated[str, typer.Option(help="Purpose of the token; shown in lists.")] = "cli",
    scope: Annotated[
        list[Scope] | None, typer.Option(help="Right of the token; may be repeated. Default: read and write.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it expires.")] = 90,
    revoke: Annotated[
        str | None, typer.Option(metavar="ID", help="Revoke the token whose id begins so, instead of making a token.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token for the REST API, printed once; or revoke one.

        pixelfleet user token ana --label "camera import" --scope write --days 30

    `pixelfleet user tokens` shows the ids.
    """
    deployment = Deployment(load_settings())
    if revoke is not None:
        operations.revoke_token(deployment, who(), name, revoke)
        if as_json:
            emit({"revoked": revoke, "user": name})
        else:
            say(f"the token {revoke} of {name} is revoked")
        return
    scopes = tuple(dict.fromkeys(scope or [Scope.READ, Scope.WRITE]))
    secret, note = operations.issue_token(deployment, who(), name, label, scopes, days)
    if as_json:
        emit({"token": secret, "id": short_id(note), "scopes": note.scopes, "expires_at": note.expires_at})
        return
    until = datetime.fromtimestamp(note.expires_at, UTC).date()
    say(f"token {short_id(note)} of {name}, may {' and '.join(note.scopes)} until {until}; it is shown only now:")
    RESULTS.print(secret, soft_wrap=True)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _password(*, from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else new_password()


def _facts(stored: User) -> dict[str, object]:
    return {
        "name": stored.name,
        "role": stored.role.value,
        "disabled": stored.disabled,
        "email": stored.email,
        "tokens": _tokens(stored),
    }


def _day(seconds: int) -> str:
    return str(datetime.fromtimestamp(seconds, UTC).astimezone().date())


def _tokens(stored: User) -> list[dict[str, object]]:
    return [_token(note) for note in stored.tokens]


def _token(note: TokenNote) -> dict[str, object]:
    return {"id": short_id(note), "label": note.label, "scopes": note.scopes, "expires_at": note.expires_at}


def _show(stored: User, password: str | None, *, as_json: bool) -> None:
    if as_json:
        emit(_facts(stored) | ({"password": password} if password else {}))
        return
    say(f"{stored.role} {stored.name}: {'disabled' if stored.disabled else 'active'}")
    if password:
        say("the password, shown only now:")
        RESULTS.print(password, soft_wrap=True)
