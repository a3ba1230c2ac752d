"""Signing in: the users who may sign in, the duration of a refusal, and the limits for a stranger."""

import time
from collections.abc import Callable

import pytest

from dashboard.auth.limits import RateLimit
from dashboard.pages.sign_in import safe_path
from pixelfleet.catalog.sign_in_attempts import FAILURES_ALLOWED, SignInAttempts
from pixelfleet.credentials.passwords import hash_password
from tests.unit.dashboard.conftest import PASSWORD, Dashboard, form_token, sign_in


def test_a_user_signs_in_and_out_and_the_old_cookie_is_refused(dashboard: Dashboard) -> None:
    browser = dashboard.browser("ana")
    assert browser.get("/").status_code == 200
    cookie = browser.cookies["pixelfleet"]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    thief = dashboard.browser()
    thief.cookies.set("pixelfleet", cookie)
    assert thief.get("/").headers["location"] == "/sign-in?next=%2F"


def test_signing_out_ends_the_session_of_the_browser_whatever_form_token_its_old_page_has(dashboard: Dashboard) -> None:
    browser = dashboard.browser("ana")
    cookie = browser.cookies["pixelfleet"]
    foreign = browser.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, browser.get("/").status_code) == (403, 200)
    answer = browser.post("/sign-out", data={"csrf_token": "0" * 64}, headers={"X-CSRF-Token": "0" * 64})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    browser.cookies.set("pixelfleet", cookie)
    assert browser.get("/").headers["location"] == "/sign-in?next=%2F"
    # Without a session, too, the page after the click is the sign-in page.
    assert browser.post("/sign-out").headers["location"] == "/sign-in"


def test_the_session_cookie_is_hidden_from_scripts_and_other_sites(dashboard: Dashboard) -> None:
    client = dashboard.browser()
    token = form_token(client.get("/sign-in").text)
    answer = client.post("/sign-in", data={"user": "ana", "password": PASSWORD, "csrf_token": token})
    [cookie] = answer.headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_a_session_id_from_before_the_sign_in_is_not_kept(dashboard: Dashboard) -> None:
    attacker = dashboard.browser("ben")
    victim = dashboard.browser()
    victim.cookies.set("pixelfleet", attacker.cookies["pixelfleet"])
    victim.post("/sign-out", headers={"X-CSRF-Token": "0" * 64})
    # The planted cookie signs the victim in as ben, so the form redirects; the victim signs in with a new session.
    fresh = dashboard.browser("ana")
    assert fresh.cookies["pixelfleet"] != attacker.cookies["pixelfleet"]
    assert "ana" in fresh.get("/account").text


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "WyJhbmEiLCJ4IiwwXQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"])
def test_a_cookie_that_the_dashboard_did_not_sign_is_refused(dashboard: Dashboard, cookie: str) -> None:
    client = dashboard.browser()
    client.cookies.set("pixelfleet", cookie)
    assert client.get("/").status_code == 303


def test_a_new_password_ends_all_sessions(dashboard: Dashboard) -> None:
    dashboard.deployment.users.add("pia", hash_password(PASSWORD))
    browser = dashboard.browser("pia")
    dashboard.deployment.users.set_password("pia", hash_password("another password"))
    assert browser.get("/").status_code == 303


def test_a_user_who_changes_the_password_keeps_this_session_and_ends_the_other_sessions(dashboard: Dashboard) -> None:
    dashboard.deployment.users.add("pam", hash_password(PASSWORD))
    here, there = dashboard.browser("pam"), dashboard.browser("pam")
    wrong = here.post("/account/password", data={"current": "not it at all", "new": "a longer password"})
    assert wrong.status_code == 422
    assert "This is not your present password" in wrong.text
    changed = here.post("/account/password", data={"current": PASSWORD, "new": "a longer password"})
    assert changed.headers["location"] == "/account"
    assert "Your password is changed" in here.get("/account").text
    assert there.get("/").status_code == 303


def test_a_disabled_user_is_signed_out_at_once_and_cannot_sign_in_again(dashboard: Dashboard) -> None:
    dashboard.deployment.users.add("dan", hash_password(PASSWORD))
    browser = dashboard.browser("dan")
    dashboard.deployment.users.set_disabled("dan", disabled=True)
    assert browser.get("/").status_code == 303
    assert sign_in(dashboard.browser(), "dan") == 401


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(dashboard: Dashboard) -> None:
    pages = []
    for name in ("ben", "nobody-such"):
        client = dashboard.browser()
        token = form_token(client.get("/sign-in").text)
        answer = client.post("/sign-in", data={"user": name, "password": "wrong password", "csrf_token": token})
        assert answer.status_code == 401
        pages.append(answer.text.replace(name, "NAME").replace(token, "TOKEN"))
    assert pages[0] == pages[1]


def test_failures_lock_out_account_and_address_together(dashboard: Dashboard) -> None:
    dashboard.deployment.users.add("lou", hash_password(PASSWORD))
    stranger = dashboard.browser()
    for _ in range(FAILURES_ALLOWED):
        assert sign_in(stranger, "lou", "wrong password") == 401
    assert sign_in(stranger, "lou", PASSWORD) == 429
    # The account is open from other addresses, and other accounts are open from this address.
    assert dashboard.deployment.sign_in_attempts.count("lou", "192.0.2.7") == 0
    assert sign_in(stranger, "ben", PASSWORD) == 303


def test_a_lock_out_ends_after_its_time(dashboard: Dashboard) -> None:
    attempts, now = attempts_by_clock(dashboard), time.time()
    for number in range(FAILURES_ALLOWED + 2):
        assert attempts(now).count("tom", "192.0.2.1") == number
    assert attempts(now + 3600).count("tom", "192.0.2.1") == 0


@pytest.mark.parametrize(("seconds", "forgotten"), [(3_600, True), (30, False)])
def test_a_clock_that_is_set_back_makes_no_lock_out_longer_and_clocks_that_differ_end_no_lock_out(
    dashboard: Dashboard, seconds: int, forgotten: bool
) -> None:
    attempts, now = attempts_by_clock(dashboard), time.time()
    address = f"192.0.2.{seconds % 200}"
    for _ in range(FAILURES_ALLOWED):
        attempts(now + seconds).count("tim", address)
    assert attempts(now).count("tim", address) == (0 if forgotten else FAILURES_ALLOWED)


def attempts_by_clock(dashboard: Dashboard) -> Callable[[float], SignInAttempts]:
    """The counts of the dashboard's table, by the time on the clock of the process that counts."""
    deployment = dashboard.deployment
    return lambda now: SignInAttempts(deployment.dynamodb, deployment.settings.users_table, lambda: now)


def test_a_successful_sign_in_clears_the_failures(dashboard: Dashboard) -> None:
    for _ in range(FAILURES_ALLOWED - 1):
        sign_in(dashboard.browser(), "dora", "wrong password")
    assert sign_in(dashboard.browser(), "dora") == 303
    assert sign_in(dashboard.browser(), "dora", "wrong password") == 401


def test_a_sign_in_form_of_another_browser_is_refused(dashboard: Dashboard) -> None:
    token = form_token(dashboard.browser().get("/sign-in").text)
    other = dashboard.browser()
    other.get("/sign-in")
    answer = other.post("/sign-in", data={"user": "ana", "password": PASSWORD, "csrf_token": token})
    assert answer.status_code == 400
    assert "pixelfleet" not in answer.cookies


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\/evil",
        "javascript:alert(1)",
        "/a\nb",
        "",
        "/\t/e",
    ],
)
def test_signing_in_never_leads_to_another_site(dashboard: Dashboard, target: str) -> None:
    client = dashboard.browser()
    token = form_token(client.get("/sign-in", params={"next": target}).text)
    form = {"user": "ana", "password": PASSWORD, "csrf_token": token, "next": target}
    assert client.post("/sign-in", data=form).headers["location"] == "/"


@pytest.mark.parametrize("path", ["/", "/images/abc?x=1", "/batches/ana/b1"])
def test_signing_in_leads_to_a_path_of_this_site(path: str) -> None:
    assert safe_path(path) == path


def test_the_rate_limit_refills_evenly_and_keeps_callers_apart() -> None:
    now = 0.0
    limit = RateLimit(3, 60, lambda: now)
    assert [limit.take("a").left for _ in range(4)] == [2, 1, 0, -1]
    assert limit.take("b").passes
    now = 20.0
    assert limit.take("a").passes
    assert limit.take("a").headers()["Retry-After"] == "21"
