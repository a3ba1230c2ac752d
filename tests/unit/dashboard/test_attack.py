"""The dashboard under attack: bodies, many sign-ins at once, networks of addresses, streams, cursors."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.responses import Response

from dashboard.auth.hashing import HashingThreads
from dashboard.auth.limits import network_of
from dashboard.bodies import MOST_FORM, MOST_JSON, MOST_VALUES, BoundedBodies
from dashboard.following import State
from dashboard.pages import events, sign_in
from dashboard.pages.events import MOST_OF_ONE, _Streams
from dashboard.problem import Problem
from dashboard.problems import MOST_ERRORS
from dashboard.site import STRANGER_PER_MINUTE
from pixelfleet.catalog.sign_in_attempts import ATTEMPTS_ALLOWED, FAILURES_ALLOWED
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.domain.records import Status
from pixelfleet.operations.list_cursors import LONGEST_PLACE, decode_cursor, encode_cursor
from tests.clock import Clock
from tests.unit.dashboard.conftest import PASSWORD, Dashboard, form_token


@pytest.mark.parametrize(
    ("path", "content_type", "limit"),
    [
        ("/api/v1/uploads", "application/json", MOST_JSON),
        ("/sign-in", "application/x-www-form-urlencoded", MOST_FORM),
        ("/account/password", "application/x-www-form-urlencoded", MOST_FORM),
    ],
)
def test_a_body_over_its_limit_is_refused_also_without_credentials(
    dashboard: Dashboard, path: str, content_type: str, limit: int
) -> None:
    browser = dashboard.browser()
    said = browser.post(path, content=b"x" * (limit + 1), headers={"Content-Type": content_type})
    assert said.status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(limit // 50_000 + 2):
            yield b"x" * 50_000

    streamed = browser.post(path, content=pieces(), headers={"Content-Type": content_type})
    assert streamed.status_code == 413


@pytest.mark.parametrize("token", [None, "pxf_" + "A" * 43])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_large_body_without_valid_credentials_is_not_parsed(
    dashboard: Dashboard, token: str | None, in_chunks: bool
) -> None:
    """A route parses the body before it checks the caller: 4 MB of JSON keys block the event loop for a second."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = b"[" * (MOST_FORM + 1)
    answer = dashboard.browser().post("/api/v1/uploads", content=iter([body]) if in_chunks else body, headers=headers)
    assert answer.status_code == 413


def test_a_large_body_of_a_program_with_a_token_is_read(dashboard: Dashboard) -> None:
    body = b'{"batch": "b", "files": []' + b" " * MOST_FORM + b"}"
    answer = dashboard.program("ana").post(
        "/api/v1/uploads", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("in_chunks", [False, True])
@pytest.mark.parametrize(
    "body",
    [
        "{" + ",".join(f'"{number:x}":1' for number in range(MOST_VALUES + 1)) + "}",
        '{"files":[' + "{}," * (MOST_VALUES // 2 + 1) + "{}]}",
        "[" * (MOST_VALUES + 1),
    ],
    ids=["fields", "objects", "brackets"],
)
def test_a_body_of_too_many_values_is_not_parsed(dashboard: Dashboard, body: str, in_chunks: bool) -> None:
    """Each unknown field is a separate error: 4 MB of unknown fields blocked the event loop for a second."""
    content = body.encode()
    pieces = [content[at : at + 1_000] for at in range(0, len(content), 1_000)]
    answer = dashboard.program("ana").post(
        "/api/v1/uploads", content=iter(pieces) if in_chunks else content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert "values" in answer.json()["detail"]


def test_the_largest_request_for_uploads_has_few_enough_values(dashboard: Dashboard) -> None:
    files = [{"name": f"a, b, c, d, e, f [{number}].jpg", "bytes": 5, "type": "image/jpeg"} for number in range(500)]
    answer = dashboard.program("ana").post("/api/v1/uploads", json={"batch": "many", "files": files})
    assert answer.status_code == 201


def test_a_multipart_form_with_a_file_is_refused(dashboard: Dashboard) -> None:
    answer = dashboard.browser().post("/sign-in", files={"user": ("a", b"x" * 1_000)})
    assert answer.status_code == 415


def test_no_body_is_read_beyond_its_limit() -> None:
    """Whatever length the header states, at most the limit and one piece of the body are read."""
    taken = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 65_536
        return {"type": "http.request", "body": bytes(65_536), "more_body": True}

    async def send(message: Any) -> None:
        return

    scope = {"type": "http", "method": "POST", "path": "/api/v1/x", "headers": [(b"content-length", b"5")]}
    with pytest.raises(Exception, match="too large"):
        asyncio.run(BoundedBodies(app, credentials=lambda _: True)(scope, receive, send))
    assert taken <= MOST_JSON + 2 * 65_536


def test_a_slow_body_times_out() -> None:
    clock = Clock()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    async def receive() -> dict[str, Any]:
        clock.now += 1
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        return

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    with pytest.raises(Exception, match="did not arrive in time"):
        asyncio.run(BoundedBodies(app, 10, clock, lambda _: True)(scope, receive, send))
    assert clock.now <= 1_012


def test_the_answer_to_a_body_with_many_errors_lists_twenty_errors(dashboard: Dashboard) -> None:
    program = dashboard.program("ana")
    files = [{"name": "", "bytes": -1}] * 500
    answer = program.post("/api/v1/uploads", json={"batch": "b", "files": files})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == MOST_ERRORS
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:4711", "2001:db8:1:2::/64"),
        ("[", "["),
    ],
)
def test_the_network_of_an_address_is_the_ipv4_address_or_the_ipv6_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_guesses_from_many_addresses_are_limited_too(dashboard: Dashboard) -> None:
    attempts = dashboard.deployment.sign_in_attempts
    passed = [attempts.may_try("max", f"192.0.2.{number}") for number in range(ATTEMPTS_ALLOWED + 5)]
    assert passed == [True] * ATTEMPTS_ALLOWED + [False] * 5
    assert [attempts.may_try("moritz", "192.0.2.1") for _ in range(FAILURES_ALLOWED + 2)].count(
        True
    ) == FAILURES_ALLOWED


def test_a_change_of_the_password_revokes_tokens_unless_the_user_keeps_them(dashboard: Dashboard) -> None:
    for name, kept, status in (("tess", {}, 401), ("theo", {"keep_tokens": "true"}, 200)):
        dashboard.deployment.users.add(name, hash_password(PASSWORD))
        program, browser = dashboard.program(name), dashboard.browser(name)
        assert program.get("/api/v1/batches").status_code == 200
        form = {"current": PASSWORD, "new": "another long password", **kept}
        assert browser.post("/account/password", data=form).status_code == 303
        assert program.get("/api/v1/batches").status_code == status


def test_many_sign_ins_at_once_run_in_the_same_few_threads() -> None:
    """Each thread keeps the memory of a hash: more threads use more memory permanently."""
    threads = HashingThreads(threads=2, most_waiting=100)

    async def crowd() -> set[int]:
        first = await asyncio.gather(*(threads.run(threading.get_ident) for _ in range(50)))
        return {*first, *await asyncio.gather(*(threads.run(threading.get_ident) for _ in range(50)))}

    used = asyncio.run(crowd())
    assert 1 <= len(used) <= 2
    assert threading.get_ident() not in used


def test_sign_ins_are_refused_while_too_many_wait_and_are_served_again_later() -> None:
    threads, go = HashingThreads(threads=1, most_waiting=2), threading.Event()

    async def crowd() -> tuple[list[bool], Problem, bool]:
        calls = [asyncio.create_task(threads.run(go.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await threads.run(go.wait)
        go.set()
        return await asyncio.gather(*calls), refused.value, await threads.run(go.wait)

    served, refused, later = asyncio.run(crowd())
    assert (served, refused.status, refused.headers, later) == ([True] * 3, 503, {"Retry-After": "5"}, True)


def test_a_flood_from_one_address_does_not_take_the_places_of_other_addresses(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = dashboard.browser()
    token = form_token(browser.get("/sign-in").text)
    form = {"user": "nobody", "password": "wrong password", "csrf_token": token}
    hashed: list[object] = []

    async def count(*arguments: object) -> Response:
        hashed.append(arguments)
        return Response(status_code=401)

    monkeypatch.setattr(sign_in, "in_hashing_thread", count)
    answers = [browser.post("/sign-in", data=form).status_code for _ in range(STRANGER_PER_MINUTE + 5)]
    assert answers == [401] * STRANGER_PER_MINUTE + [429] * 5
    assert len(hashed) == STRANGER_PER_MINUTE


def test_an_error_in_a_hashing_thread_is_raised_in_its_request() -> None:
    threads = HashingThreads(threads=1, most_waiting=0)

    def fail() -> None:
        raise Problem(401, "no")

    for _ in range(3):
        with pytest.raises(Problem, match="no"):
            asyncio.run(threads.run(fail))


def test_one_user_cannot_take_all_streams(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    dashboard.deployment.batches.create("ana", "watched", None)
    monkeypatch.setitem(_Streams.open, "ana", MOST_OF_ONE)
    assert dashboard.browser("ana").get("/events?follow=batch:ana/watched").status_code == 429


def test_simultaneous_requests_of_one_user_cannot_take_more_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests are admitted before the first stream begins."""
    monkeypatch.setattr(events, "_look", lambda *_: {"fleet": State({})})
    site: Any = None
    caller: Any = SimpleNamespace(name="ana")

    async def begin_all() -> int:
        streams = [events._follow(site, caller, ["fleet"]) for _ in range(3 * MOST_OF_ONE)]
        begun = await asyncio.gather(*(anext(stream, None) for stream in streams))
        for stream in streams:
            await cast("AsyncGenerator[str]", stream).aclose()
        return sum(event is not None for event in begun)

    assert asyncio.run(begin_all()) == MOST_OF_ONE
    assert _Streams.open.total() == 0


@pytest.mark.parametrize("place", ["x" * (LONGEST_PLACE + 1), "x" * 1_024, "ä" * 600, "x" * 3_000])
def test_a_cursor_that_is_too_long_for_dynamodb_is_a_bad_request(dashboard: Dashboard, place: str) -> None:
    for path in ("/api/v1/images?batch=b&", "/api/v1/images?", "/api/v1/batches?"):
        answer = dashboard.program("ana").get(f"{path}cursor={encode_cursor(place)}")
        # 422 if the description of the API already limits the text.
        assert answer.status_code in {400, 422}, path


def test_the_longest_place_and_its_status_fit_into_a_sort_key() -> None:
    longest = max(len(status) for status in Status)
    assert longest + 1 + LONGEST_PLACE == 1_024
    assert decode_cursor(encode_cursor("x" * LONGEST_PLACE)) == "x" * LONGEST_PLACE


@pytest.mark.parametrize("name", ["x" * 1_025, "x" * 3_000, "ä" * 600])
def test_a_name_that_is_too_long_for_dynamodb_is_not_found_or_a_bad_request(dashboard: Dashboard, name: str) -> None:
    program, browser = dashboard.program("ana"), dashboard.browser("ana")
    for client, path in (
        (program, f"/api/v1/batches/ana/{name}"),
        (program, f"/api/v1/images?batch={name}"),
        (program, f"/api/v1/images/{name}"),
        (browser, f"/batches/ana/{name}"),
        (browser, f"/images/{name}"),
        (browser, f"/events?follow=batch:ana/{name}"),
    ):
        assert client.get(path).status_code in {200, 400, 404, 422}, path


@pytest.mark.parametrize(
    ("stated", "signed"),
    [
        ("image/jpeg", "image/jpeg"),
        ("image/svg+xml", "image/svg+xml"),
        ("image/vnd.adobe.photoshop", "image/vnd.adobe.photoshop"),
        ("image/svg+xml\r\nX-Evil: y", "application/octet-stream"),
        ("image/png\n", "application/octet-stream"),
        ("image/png; charset=x", "application/octet-stream"),
        ("image/\u212ang", "application/octet-stream"),
        ("image/", "application/octet-stream"),
        ("IMAGE/PNG", "application/octet-stream"),
    ],
)
def test_a_type_that_no_header_can_carry_is_not_signed(dashboard: Dashboard, stated: str, signed: str) -> None:
    """S3 keeps the type of an upload as a header, and could answer no request for such an object."""
    files = [{"name": "a.jpg", "bytes": 10, "type": stated}]
    answer = dashboard.program("ana").post("/api/v1/uploads", json={"batch": "b1", "files": files})
    assert answer.json()["files"][0]["fields"]["Content-Type"] == signed
