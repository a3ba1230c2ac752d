"""Forms: an error keeps the input and is shown at its field; a reload of the next page repeats nothing."""

import re

import pytest

from dashboard.flash import Note, Notes
from dashboard.forms import Sent
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.domain.users import Role
from pixelfleet.errors import Cause
from tests.fakes.records import record
from tests.unit.dashboard.conftest import PASSWORD, Dashboard, form_token


def near(page: str, name: str) -> str:
    """The field of this name and the text below it."""
    field = re.search(rf'<div class="field">(?:(?!</div>).)*name="{name}".*?</div>', page, re.DOTALL)
    assert field is not None, page
    return field[0]


def test_an_operator_without_batches_is_led_to_the_batches_of_everybody(dashboard: Dashboard) -> None:
    dashboard.deployment.users.add("otto", hash_password(PASSWORD), Role.OPERATOR)
    dashboard.deployment.batches.create("dora", "led-to")
    page = dashboard.browser("otto").get("/batches").text
    assert "Batches <small>of everybody</small>" in page
    assert "/batches/dora/led-to" in page
    assert "No batches yet" in dashboard.browser("otto").get("/batches?owner=otto").text


def test_the_card_of_a_purge_says_in_words_how_many_dead_letters_there_are(dashboard: Dashboard) -> None:
    deployment = dashboard.deployment
    for url in (
        deployment.settings.uploads_dlq_url,
        deployment.settings.bulk_dlq_url,
        deployment.settings.heavy_dlq_url,
    ):
        deployment.sqs.purge_queue(QueueUrl=url)
    page = dashboard.browser("olga").get("/failures").text
    assert "The dead-letter queues are empty: there is nothing to purge." in page


def test_a_form_with_a_wrong_name_keeps_the_input_of_the_operator(dashboard: Dashboard) -> None:
    answer = dashboard.browser("olga").post("/users", data={"name": "two words", "role": "operator", "email": "x@y.z"})
    assert answer.status_code == 422
    field = near(answer.text, "name")
    assert 'value="two words"' in field
    assert "a name has up to 64 letters" in field
    assert 'aria-describedby="why-name"' in field
    assert "x@y.z" in near(answer.text, "email")
    assert '<option value="operator" selected>' in near(answer.text, "role")


@pytest.mark.parametrize(
    ("form", "field", "why"),
    [
        ({"label": "", "days": "3", "scopes": "read"}, "label", "is missing"),
        ({"label": "ci", "days": "400", "scopes": "read"}, "days", "from 1 to 366"),
        ({"label": "ci", "days": "", "scopes": "read"}, "days", "from 1 to 366"),
        ({"label": "ci", "days": "abc", "scopes": "read"}, "days", "from 1 to 366"),
        ({"label": "ci", "days": "3", "scopes": "operate"}, "label", "not an operator"),
    ],
)
def test_the_error_of_a_wrong_token_form_is_shown_at_its_field(
    dashboard: Dashboard, form: dict[str, str], field: str, why: str
) -> None:
    answer = dashboard.browser("ben").post("/account/tokens", data=form)
    assert answer.status_code == 422
    assert why in near(answer.text, field)


def test_a_token_is_shown_once_and_a_reload_makes_no_second_token(dashboard: Dashboard) -> None:
    dashboard.deployment.users.add("flo", hash_password(PASSWORD))
    browser = dashboard.browser("flo")
    made = browser.post("/account/tokens", data={"label": "ci", "days": "1", "scopes": ["read"]})
    assert (made.status_code, made.headers["location"]) == (303, "/account")
    first = browser.get("/account")
    secret = re.search(r"pxf_[\w-]+", first.text)
    assert secret is not None
    assert first.headers["cache-control"] == "no-store"
    assert secret[0] not in str(made.headers)
    assert secret[0] not in browser.get("/account").text
    user = dashboard.deployment.users.get("flo")
    assert user is not None
    assert len(user.tokens) == 1


def test_the_password_of_a_new_user_is_shown_once(dashboard: Dashboard) -> None:
    browser = dashboard.browser("olga")
    assert browser.post("/users", data={"name": "newbie", "role": "user"}).status_code == 303
    shown = re.search(r'<code class="secret" data-copy-text>([^<]+)', browser.get("/users").text)
    assert shown is not None
    assert shown[1] not in browser.get("/users").text


def test_a_note_can_be_read_only_in_its_session() -> None:
    notes, others = Notes("one secret", secure=False), Notes("another secret", secure=False)
    answer = notes.redirect("/account", "s1", Note("made", "pxf_secret"))
    cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert "HttpOnly" in answer.headers["set-cookie"]

    class Request:
        cookies = {"pixelfleet-note": cookie}  # noqa: RUF012

    assert notes.read(Request(), "s1") == Note("made", "pxf_secret")  # type: ignore[arg-type]
    assert notes.read(Request(), "s2") is None  # type: ignore[arg-type]
    assert others.read(Request(), "s1") is None  # type: ignore[arg-type]


def test_a_redrive_form_with_a_wrong_number_keeps_the_other_fields(dashboard: Dashboard) -> None:
    form = {"owner": "ana", "cause": "crashed", "limit": "many", "canary": "5"}
    answer = dashboard.browser("olga").post("/failures/redrive", data=form)
    assert answer.status_code == 422
    assert 'value="many"' in near(answer.text, "limit")
    assert "A whole number from 1 to 10,000,000." in near(answer.text, "limit")
    assert 'value="ana"' in near(answer.text, "owner")
    assert '<option value="crashed" selected>' in near(answer.text, "cause")


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page_after_sign_in(dashboard: Dashboard) -> None:
    browser = dashboard.browser()
    address = "http://testserver/images/abc?x=1"
    answer = browser.post("/images/abc/delete", headers={"Referer": address})
    assert answer.headers["location"] == "/sign-in?next=%2Fimages%2Fabc%3Fx%3D1&ended=1"
    assert "was not carried out" in browser.get(answer.headers["location"]).text
    part = browser.get("/more", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/?batch=b"})
    assert part.headers["hx-redirect"] == "/sign-in?next=%2F%3Fbatch%3Db"


def test_a_browser_may_keep_a_page_for_the_back_button_until_the_user_signs_out(dashboard: Dashboard) -> None:
    browser = dashboard.browser("ana")
    assert browser.get("/").headers["cache-control"] == "private, no-cache"
    assert browser.get("/sign-in").headers["location"] == "/"
    assert dashboard.browser().get("/sign-in").headers["cache-control"] == "no-store"
    assert browser.post("/sign-out").headers["clear-site-data"] == '"cache"'


def test_an_action_that_cannot_be_undone_asks_for_confirmation(dashboard: Dashboard) -> None:
    record(dashboard.deployment, "ana", "asks", "a.jpg", cause=Cause.CRASHED)
    olga = dashboard.browser("olga")
    dashboard.program("olga")
    for path, action in (
        ("/failures", "/failures/redrive"),
        ("/users", "/users/ana/disabled"),
        ("/users", "/users/ana/password"),
        ("/account", "/account/tokens/revoke"),
    ):
        assert re.search(rf'action="{action}"[^>]*data-confirm=', olga.get(path).text), action


def test_a_script_gets_the_form_token_of_the_new_session(dashboard: Dashboard) -> None:
    browser = dashboard.browser("ana")
    answer = browser.get("/session").json()
    assert answer == {"user": "ana", "form_token": form_token(browser.get("/account").text)}


def test_numbers_of_forms_are_plain_digits() -> None:
    for text in ("٣", "1e3", "-1", "+1", " ", "0", "101", "9" * 30):
        sent = Sent({"n": text})
        assert sent.number("n", 1, 100) is None
        assert sent.right is (not text.strip())
