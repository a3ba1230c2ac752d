"""`pixelfleet user` against an embedded cloud."""

import json
from typing import Any

import pytest

from pixelfleet.credentials.passwords import password_matches
from pixelfleet.deployment import Deployment
from pixelfleet.domain.users import Role, Scope
from pixelfleet.settings import Settings
from tests.integration.cli.command import run


@pytest.fixture
def env(settings: Settings, cloud_environment: dict[str, str]) -> dict[str, str]:
    return cloud_environment


def _reported(*arguments: str, env: dict[str, str]) -> Any:
    finished = run("user", *arguments, "--json", env=env)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_a_user_is_added_gets_a_new_password_is_disabled_and_enabled(settings: Settings, env: dict[str, str]) -> None:
    users = Deployment(settings).users
    added = _reported("add", "ana", "--role", "operator", env=env)
    stored = users.get("ana")
    assert stored is not None
    assert stored.role is Role.OPERATOR
    assert password_matches(added["password"], stored.password)
    assert added["password"] not in stored.password
    changed = _reported("passwd", "ana", env=env)
    assert changed["password"] != added["password"]
    assert _reported("disable", "ana", env=env)["disabled"] is True
    assert _reported("enable", "ana", env=env)["disabled"] is False
    assert [user["name"] for user in _reported("list", env=env)["users"]] == ["ana"]
    again = run("user", "add", "ana", env=env)
    assert (again.returncode, "there is a user 'ana' already" in again.stderr) == (2, True)


@pytest.mark.slow
def test_an_address_is_subscribed_to_its_owners_notices_alone(settings: Settings, env: dict[str, str]) -> None:
    _reported("add", "ben", "--email", "ben@example.com", env=env)
    deployment = Deployment(settings)
    topic = settings.notices_topic_arn
    [actual] = deployment.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (actual["Protocol"], actual["Endpoint"]) == ("email", "ben@example.com")
    wrong = run("user", "add", "bob", "--email", "not an address", env=env)
    assert (wrong.returncode, deployment.users.get("bob")) == (2, None)


@pytest.mark.slow
def test_tokens_are_made_listed_and_revoked(settings: Settings, env: dict[str, str]) -> None:
    users = Deployment(settings).users
    _reported("add", "cy", env=env)
    made = _reported("token", "cy", "--label", "import", "--scope", "write", "--days", "3", env=env)
    bearer = users.bearer(made["token"])
    assert bearer is not None
    assert (bearer.user.name, bearer.scopes) == ("cy", frozenset({Scope.WRITE}))
    [listed] = _reported("list", env=env)["users"][-1]["tokens"]
    assert (listed["id"], listed["label"]) == (made["id"], "import")
    assert run("user", "token", "cy", "--revoke", made["id"], env=env).returncode == 0
    assert users.bearer(made["token"]) is None
    refused = run("user", "token", "cy", "--scope", "operate", env=env)
    assert (refused.returncode, "is not an operator" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    "name", ["a/b", *(pytest.param(name, marks=pytest.mark.slow) for name in ("", "default", "-x", "x" * 65, "ä"))]
)
def test_a_name_that_keys_could_not_carry_is_refused(env: dict[str, str], name: str) -> None:
    finished = run("user", "add", "--", name, env=env)
    assert (finished.returncode, "a name has up to 64 letters" in finished.stderr) == (2, True)
