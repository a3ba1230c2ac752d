"""The same rules for adding users, setting passwords and disabling users apply to every caller."""

from collections.abc import Iterator
from typing import Any

import pytest

from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.credentials.passwords import password_matches
from pixelfleet.deployment import Deployment
from pixelfleet.domain.users import Role, Scope
from pixelfleet.errors import SetupError
from pixelfleet.operations.users import (
    NewUser,
    add_first_operator,
    add_user,
    issue_token,
    remove_user,
    reset_password,
    revoke_token,
    set_disabled,
)
from tests.fakes.deployment import moto_deployment

PASSWORD = "correct horse battery"


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with moto_deployment(quick_tables=True) as made:
        yield made


def noted(deployment: Deployment) -> list[tuple[str, str, str]]:
    return [(action.who, action.what, action.on) for action in deployment.activity.actions()]


def test_only_a_deployment_without_users_gets_a_first_operator_and_the_addition_is_noted(
    deployment: Deployment,
) -> None:
    added = add_first_operator(deployment, "ana@laptop")

    assert added is not None
    name, password = added
    user = deployment.users.get(name)
    assert user is not None
    assert user.role is Role.OPERATOR
    assert password_matches(password, user.password)
    assert noted(deployment) == [("ana@laptop", "add user", name)]
    assert add_first_operator(deployment, "ana@laptop") is None


def test_a_new_user_may_sign_in_and_the_change_is_noted(deployment: Deployment) -> None:
    added = add_user(deployment, "olga", NewUser("ana", Role.USER, "ana@example.com"), PASSWORD)

    assert added.warning is None
    assert deployment.users.get("ana") == added.user
    assert noted(deployment) == [("olga", "add user", "ana")]


def test_a_user_with_a_wrong_address_is_not_added(deployment: Deployment) -> None:
    with pytest.raises(SetupError, match="not an address"):
        add_user(deployment, "olga", NewUser("ana", Role.USER, "not-an-address"), PASSWORD)

    assert deployment.users.get("ana") is None


def test_a_subscription_that_fails_is_a_warning_and_the_user_stays(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_email: str, _owner: str) -> None:
        raise SetupError("the topic takes no more subscriptions")

    monkeypatch.setattr(deployment.notices, "subscribe", full)

    added = add_user(deployment, "olga", NewUser("zoe", Role.USER, "zoe@example.com"), PASSWORD)

    assert added.warning == "zoe@example.com gets no mail: the topic takes no more subscriptions"
    assert deployment.users.get("zoe") is not None


def test_a_new_password_and_the_disabling_and_enabling_of_a_user_are_noted(deployment: Deployment) -> None:
    add_user(deployment, "olga", NewUser("ana"), PASSWORD)
    reset_password(deployment, "olga", "ana", PASSWORD)

    assert set_disabled(deployment, "olga", "ana", disabled=True).disabled
    assert not set_disabled(deployment, "olga", "ana", disabled=False).disabled
    assert {what for _, what, _ in noted(deployment)} == {"add user", "reset password", "disable user", "enable user"}


def test_tokens_that_an_operator_makes_and_revokes_are_noted_without_the_secret(deployment: Deployment) -> None:
    add_user(deployment, "olga", NewUser("ana"), PASSWORD)
    secret, note = issue_token(deployment, "olga", "ana", "import", (Scope.WRITE,), 3)
    assert deployment.users.bearer(secret) is not None
    revoke_token(deployment, "olga", "ana", note.digest[:12])

    assert deployment.users.bearer(secret) is None
    actions = {action.what: action for action in deployment.activity.actions()}
    assert {(action.who, action.on) for action in actions.values()} == {("olga", "ana")}
    made, revoked = actions["make token"].details, actions["revoke token"].details
    assert made == {"token": note.digest[:12], "label": "import", "scopes": "write", "days": 3}
    assert revoked == {"token": note.digest[:12]}
    assert secret not in repr(actions)


def test_a_removal_is_noted_and_the_removal_of_an_unknown_user_is_not_noted(deployment: Deployment) -> None:
    add_user(deployment, "olga", NewUser("ana"), PASSWORD)
    remove_user(deployment, "olga", "ana")
    assert deployment.users.get("ana") is None

    with pytest.raises(SetupError, match="no user 'ana'"):
        remove_user(deployment, "olga", "ana")
    assert sorted(noted(deployment)) == [("olga", "add user", "ana"), ("olga", "remove user", "ana")]


def written(deployment: Deployment, key: str, **attributes: Any) -> None:
    """Set attributes of an item of the users table, as another release writes them."""
    table: dict[str, Any] = {"TableName": deployment.settings.users_table}
    item: Any = deployment.dynamodb.get_item(**table, Key={"user_id": {"S": key}})["Item"]
    deployment.dynamodb.put_item(**table, Item=item | attributes)


def test_a_user_whose_role_only_a_newer_release_knows_is_listed_and_has_no_rights(deployment: Deployment) -> None:
    add_user(deployment, "olga", NewUser("ana", Role.OPERATOR), PASSWORD)
    add_user(deployment, "olga", NewUser("bo", Role.USER), PASSWORD)
    secret, _ = issue_token(deployment, "ana", "ana", "camera", (Scope.READ, Scope.OPERATE), 30)
    written(deployment, "user#ana", role={"S": "auditor"}, seen_in_2_0={"NULL": True})

    assert [(user.name, str(user.role)) for user in deployment.users.all()] == [("ana", "auditor"), ("bo", "user")]
    bearer = deployment.users.bearer(secret)
    assert bearer is not None
    assert (bearer.user.is_operator, bearer.scopes) == (False, frozenset())

    set_disabled(deployment, "olga", "ana", disabled=True)
    item: Any = deployment.dynamodb.get_item(
        TableName=deployment.settings.users_table, Key={"user_id": {"S": "user#ana"}}
    )["Item"]
    assert (item["role"], item["seen_in_2_0"]) == ({"S": "auditor"}, {"NULL": True})


def test_a_right_that_only_a_newer_release_knows_gives_nothing_and_stays_in_the_token(deployment: Deployment) -> None:
    add_user(deployment, "olga", NewUser("ana", Role.USER), PASSWORD)
    secret, note = issue_token(deployment, "ana", "ana", "camera", (Scope.READ,), 30)
    scopes = [{"S": "read"}, {"S": "annotate"}]
    user = deployment.users.get("ana")
    assert user is not None
    written(deployment, f"token#{note.digest}", scopes={"L": scopes})
    written(
        deployment,
        "user#ana",
        tokens={"L": [{"M": to_attributes(note.model_dump(exclude={"scopes"})) | {"scopes": {"L": scopes}}}]},
    )

    bearer = deployment.users.bearer(secret)
    assert bearer is not None
    assert bearer.scopes == {Scope.READ}
    kept = reset_password(deployment, "olga", "ana", "another correct battery", keep_tokens=True)
    assert [str(scope) for scope in kept.tokens[0].scopes] == ["read", "annotate"]
