"""Users are added, given passwords and disabled by the same rules from everywhere."""

from collections.abc import Iterator

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.domain.users import Role
from pixelfleet.errors import SetupError
from pixelfleet.operations.users import NewUser, add_user, reset_password, set_disabled
from tests.fakes.deployment import moto_deployment

PASSWORD = "correct horse battery"


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with moto_deployment() as made:
        yield made


def noted(deployment: Deployment) -> list[tuple[str, str, str]]:
    return [(action.who, action.what, action.on) for action in deployment.activity.actions()]


def test_a_new_user_may_sign_in_and_the_change_is_noted(deployment: Deployment) -> None:
    added = add_user(deployment, "olga", NewUser("ana", Role.USER, "ana@example.com"), PASSWORD)

    assert added.warning is None
    assert deployment.users.get("ana") == added.user
    assert noted(deployment) == [("olga", "add user", "ana")]


def test_an_address_that_is_none_adds_nobody(deployment: Deployment) -> None:
    with pytest.raises(SetupError, match="no address"):
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


def test_a_new_password_and_a_lock_out_are_noted(deployment: Deployment) -> None:
    add_user(deployment, "olga", NewUser("ana"), PASSWORD)
    reset_password(deployment, "olga", "ana", PASSWORD)

    assert set_disabled(deployment, "olga", "ana", disabled=True).disabled
    assert not set_disabled(deployment, "olga", "ana", disabled=False).disabled
    assert {what for _, what, _ in noted(deployment)} == {"add user", "reset password", "disable user", "enable user"}
