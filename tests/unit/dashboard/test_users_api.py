"""Users and tokens through the API: made, changed, revoked, and when they were last used."""

import time

import pytest

from pixelfleet.catalog import users as catalog
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.domain.users import Role, Scope
from tests.unit.dashboard.conftest import PASSWORD, Dashboard, sign_in

DAY = 86_400


def test_an_operator_adds_changes_and_removes_a_user(dashboard: Dashboard) -> None:
    program = dashboard.program("olga", *Scope)
    added = program.post("/api/v1/users", json={"name": "eve"})
    assert (added.status_code, added.json()["user"]["role"]) == (201, "user")
    assert sign_in(dashboard.browser(), "eve", added.json()["password"]) == 303
    changed = program.patch("/api/v1/users/eve", json={"role": "operator", "disabled": True}).json()
    assert (changed["role"], changed["disabled"]) == ("operator", True)
    # A field that is left out keeps its value.
    assert program.patch("/api/v1/users/eve", json={"disabled": False}).json()["role"] == "operator"
    second = program.post("/api/v1/users/eve/password").json()["password"]
    assert sign_in(dashboard.browser(), "eve", second) == 303
    assert program.delete("/api/v1/users/eve").status_code == 204
    assert program.get("/api/v1/users/eve").status_code == 404


def test_nobody_changes_their_own_role_or_state(dashboard: Dashboard) -> None:
    program = dashboard.program("olga", *Scope)
    for method, path, body in (
        ("PATCH", "", {"role": "user"}),
        ("PATCH", "", {"disabled": True}),
        ("DELETE", "", None),
    ):
        assert program.request(method, f"/api/v1/users/olga{path}", json=body).status_code == 400
    assert dashboard.browser("olga").post("/users/olga/role", data={"role": "user"}).status_code == 400


def test_a_new_role_applies_at_once_to_an_open_session(dashboard: Dashboard) -> None:
    dashboard.deployment.users.set_role("dora", Role.USER)
    dora, olga = dashboard.browser("dora"), dashboard.browser("olga")
    assert dora.get("/fleet").status_code == 404
    for role, status in (("operator", 200), ("user", 404)):
        assert olga.post("/users/dora/role", data={"role": role}).status_code == 303
        assert dora.get("/users").status_code == status


def test_a_token_is_listed_with_its_last_use_and_revoked(dashboard: Dashboard) -> None:
    ana = dashboard.browser("ana")
    made = ana.post("/api/v1/tokens", json={"label": "import", "scopes": ["read"], "days": 7}).json()

    def listed() -> dict[str, object]:
        tokens = ana.get("/api/v1/tokens").json()["tokens"]
        return next((token for token in tokens if token["id"] == made["id"]), {})

    assert listed() == {name: value for name, value in made.items() if name != "secret"}
    assert listed()["used_at"] is None
    program = dashboard.browser()
    program.headers["Authorization"] = f"Bearer {made['secret']}"
    assert program.get("/api/v1/images").status_code == 200
    assert str(listed()["used_at"])[:13] >= time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() - 60))
    assert dashboard.program("olga", *Scope).get("/api/v1/users/ana/tokens").json()["tokens"]
    assert ana.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert (listed(), program.get("/api/v1/images").status_code) == ({}, 401)


def test_the_use_of_a_token_is_written_once_an_hour(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    users = dashboard.deployment.users
    secret, note = users.issue_token("ana", "hourly", (Scope.READ,), 1)
    owner = users.get("ana")
    assert owner is not None
    start = int(time.time())
    used = []
    for later in (0, 60, catalog.USE_NOTED_FOR - 1, catalog.USE_NOTED_FOR):
        monkeypatch.setattr("pixelfleet.catalog.users.time.time", lambda now=start + later: now)
        assert users.bearer(secret) is not None
        used.append(users.token_uses([owner])[note.digest] - start)
    assert used == [0, 0, 0, catalog.USE_NOTED_FOR]
    users.revoke_token("ana", note.digest)


def test_a_token_makes_no_token_with_more_scopes_or_a_longer_life_than_its_own(dashboard: Dashboard) -> None:
    program = dashboard.program("olga", Scope.READ, Scope.WRITE, days=2)
    may_more = program.post("/api/v1/tokens", json={"label": "x", "scopes": ["operate"], "days": 1})
    assert (may_more.status_code, "scope operate" in may_more.text) == (403, True)
    assert program.post("/api/v1/tokens", json={"label": "x", "scopes": ["read"], "days": 3}).status_code == 403
    assert program.post("/api/v1/tokens", json={"label": "x", "scopes": ["read"], "days": 1}).status_code == 201


def test_the_pages_show_when_tokens_were_last_used(dashboard: Dashboard) -> None:
    dashboard.program("ana", Scope.READ).get("/api/v1/images")
    dashboard.deployment.users.issue_token("ana", "unused", (Scope.READ,), 1)
    for page in (dashboard.browser("ana").get("/account").text, dashboard.browser("olga").get("/users").text):
        assert "Last used" in page
        assert ">never</td>" in page


def test_a_program_changes_its_users_password_and_keeps_tokens_by_choice(dashboard: Dashboard) -> None:
    dashboard.deployment.users.add("gil", hash_password(PASSWORD))
    session, program = dashboard.browser("gil"), dashboard.program("gil")
    path, second, third = "/api/v1/account/password", "another long password", "a third long password"
    wrong = program.put(path, json={"current": "not this", "new": second})
    assert (wrong.status_code, "not your present password" in wrong.json()["detail"]) == (403, True)
    assert program.put(path, json={"current": PASSWORD, "new": "short"}).status_code == 400
    kept = {"current": PASSWORD, "new": second, "keep_tokens": True}
    assert program.put(path, json=kept).status_code == 204
    assert (session.get("/account").status_code, program.get("/api/v1/whoami").status_code) == (303, 200)
    assert sign_in(dashboard.browser(), "gil", second) == 303
    assert program.put(path, json={"current": second, "new": third}).status_code == 204
    assert program.get("/api/v1/whoami").status_code == 401


def test_guesses_of_the_present_password_are_limited(dashboard: Dashboard) -> None:
    dashboard.deployment.users.add("hal", hash_password(PASSWORD))
    program = dashboard.program("hal")
    tries = [program.put("/api/v1/account/password", json={"current": "no", "new": "x" * 12}) for _ in range(12)]
    assert {answer.status_code for answer in tries} == {403, 429}
    right = program.put("/api/v1/account/password", json={"current": PASSWORD, "new": "x" * 12})
    assert right.status_code == 429
