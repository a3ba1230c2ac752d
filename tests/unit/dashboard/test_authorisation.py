"""One table of every route and every kind of caller. A route that is not in the table fails the last test."""

import uuid
from dataclasses import dataclass
from typing import Final

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from dashboard.app import create_app
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.domain.users import Scope
from tests.fakes.records import record
from tests.unit.dashboard.conftest import PASSWORD, Dashboard

#: nobody, an expired session, a disabled user's session, another user, the owner, an operator
WHO: Final = ("nobody", "expired", "disabled", "other", "owner", "operator")

PUBLIC = (200, 200, 200, 200, 200, 200)
PAGE = (303, 303, 303, 200, 200, 200)
#: A page or a part of a page that shows data of the owner.
OWNED = (303, 303, 303, 404, 200, 200)
OPERATORS = (303, 303, 303, 404, 404, 200)
API = (401, 401, 401, 200, 200, 200)
API_OWNED = (401, 401, 401, 404, 200, 200)
API_OPERATORS = (401, 401, 401, 403, 403, 200)
#: A form that is carried out redirects to a page.
SENT = (303,) * 6
OWNED_LATER = (303, 303, 303, 404, 303, 303)
LEADS_ON = (303, 303, 303, 404, 302, 302)


@dataclass(frozen=True)
class Route:
    """A request, and its statuses for `WHO`, in that order."""

    method: str
    path: str
    statuses: tuple[int, ...]
    body: dict[str, object] | None = None
    form: dict[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _after(common: tuple[int, ...], *last: int) -> tuple[int, ...]:
    """`common`, with other statuses at the end."""
    return (*common[: len(common) - len(last)], *last)


PARTS: Final[dict[str, object]] = {"batch": "b1", "name": "big.tif", "upload_id": "none", "bytes": 200_000_000}
ROUTES: Final = (
    Route("GET", "/health", PUBLIC),
    Route("GET", "/ready", PUBLIC),
    Route("GET", "/openapi.json", PUBLIC),
    Route("GET", "/sign-in", (200, 200, 200, 303, 303, 303)),
    Route("POST", "/sign-in", (400, 400, 400, 400, 400, 400), form={"user": "ana", "password": PASSWORD}),
    Route("GET", "/", PAGE),
    Route("GET", "/?owner=ana", OWNED),
    Route("GET", "/more", PAGE),
    Route("GET", "/more?owner=ana", OWNED),
    Route("GET", "/total", PAGE),
    Route("GET", "/total?owner=ana", OWNED),
    Route("GET", "/total?owner=*", OPERATORS),
    Route("GET", "/months", PAGE),
    Route("GET", "/months?owner=ana", OWNED),
    Route("GET", "/api/v1/months?owner=ana", API_OWNED),
    Route("GET", "/tiles?id={id}", PAGE),
    Route("GET", "/session", PAGE),
    Route("GET", "/docs", PAGE),
    Route("GET", "/help", PAGE),
    Route("GET", "/help/howto/dashboard", PAGE),
    Route("GET", "/upload", PAGE),
    Route("GET", "/account", PAGE),
    Route("POST", "/account/password", _after(PAGE, 422, 422, 422), form={"current": "no", "new": "long enough pw"}),
    Route("POST", "/account/tokens", SENT, form={"label": "x", "days": "1", "scopes": "read"}),
    Route("POST", "/account/tokens/revoke", _after(PAGE, 400, 400, 400), form={"digest": "0" * 64}),
    Route("GET", "/batches", PAGE),
    Route("GET", "/batches?owner=ana", OWNED),
    Route("GET", "/batches?owner=*", OPERATORS),
    Route("GET", "/batches/ana/b1", OWNED),
    Route("GET", "/batches/ana/b1/live", OWNED),
    Route("POST", "/batches/ana/b1/seal", _after(OWNED, 404, 303, 303), form={}),
    Route("GET", "/recipes", PAGE),
    Route("GET", "/recipes/web", PAGE),
    Route("GET", "/recipes/web/edit", PAGE),
    Route("POST", "/recipes/web/try", _after(PAGE, 422, 422, 422), form={"text": "wrong"}),
    Route("POST", "/api/v1/recipes/try", _after(API, 422, 422, 422), body={"text": "wrong"}),
    Route("POST", "/recipes/web/edit", _after(OPERATORS, 422), form={"text": "wrong"}),
    Route("POST", "/recipes/none-such/delete", _after(OPERATORS, 404), form={}),
    Route("POST", "/outdated", _after(OPERATORS, 303), form={"count": "true"}),
    Route("POST", "/api/v1/outdated", _after(API_OPERATORS, 202), body={"count": True}),
    Route("GET", "/routes", OPERATORS),
    Route("GET", "/adopted", OPERATORS),
    Route("GET", "/adopted?check=none", (303, 303, 303, 404, 404, 404)),
    Route("GET", "/routes?key=a.jpg", OPERATORS),
    Route("POST", "/routes", _after(OPERATORS, 422), form={"match": "a***"}),
    Route("POST", "/routes/default", _after(OPERATORS, 422), form={"owner": "ana", "recipe": "none-such"}),
    Route("POST", "/routes/none-such/delete", _after(OPERATORS, 400), form={}),
    Route("GET", "/images/{id}", OWNED),
    Route("GET", "/images/{id}/original", LEADS_ON),
    Route("GET", "/images/{id}/drawn", LEADS_ON),
    Route("GET", "/images/{id}/tiles.zip", _after(OWNED, 404, 404, 404)),
    Route("GET", "/api/v1/images/{id}/tiles.zip", _after(API_OWNED, 404, 404, 404)),
    Route("GET", "/images/{id}/score?key=none", _after(OWNED, 404, 404, 404)),
    Route("GET", "/api/v1/images/{id}/variants/none/score", _after(API_OWNED, 404, 404, 404)),
    Route("GET", "/duplicates", PAGE),
    Route("GET", "/duplicates?owner=ana&near=4", OWNED),
    Route("GET", "/duplicates?owner=*", OPERATORS),
    Route("GET", "/api/v1/duplicates", API),
    Route("GET", "/api/v1/duplicates?owner=ana", API_OWNED),
    Route("GET", "/images/{id}/duplicates", OWNED),
    Route("GET", "/api/v1/images/{id}/duplicates", API_OWNED),
    Route("POST", "/images/{id}/link", OWNED, form={"variant": "thumb", "lifetime": "1 hour"}),
    Route("POST", "/images/{id}/revisions/none/current", _after(OWNED, 404, 400, 400), form={}),
    Route("POST", "/api/v1/images/{id}/revisions/" + "ab" * 16 + ".9/current", _after(API_OWNED, 404, 400, 400)),
    Route("POST", "/images/{id}/reprocess", _after(OWNED, 404, 303, 303), form={"recipe": "web"}),
    Route("GET", "/i/ana/{id}/" + "ab" * 16 + "/thumb.webp", OWNED),
    Route("GET", "/v/{id}/thumb", OWNED),
    Route("HEAD", "/v/{id}/thumb", OWNED),
    Route("GET", "/v/ana/b1/{own}/id.jpg/thumb", OWNED),
    Route("GET", "/v/ana/b1/none.jpg/thumb", _after(OWNED, 404, 404, 404)),
    Route("GET", "/v/none", _after(OWNED, 404, 404, 404)),
    Route("GET", "/fleet", OPERATORS),
    Route("GET", "/fleet/live", OPERATORS),
    Route("GET", "/activity", OPERATORS),
    Route("GET", "/failures", OPERATORS),
    Route("POST", "/failures/redrive", _after(OPERATORS, 303), form={"owner": "zed"}),
    Route("POST", "/failures/purge", _after(OPERATORS, 422), form={"confirmation": "no"}),
    Route("GET", "/background-tasks", PAGE),
    Route("GET", "/background-tasks/none", _after(OPERATORS, 404)),
    Route("POST", "/background-tasks/none/stop", _after(OPERATORS, 404), form={}),
    Route("POST", "/background-tasks/none/roll-back", _after(OPERATORS, 404), form={}),
    Route("POST", "/bulk/delete", SENT, form={"ids": "a" * 32}),
    Route("POST", "/bulk/reprocess", SENT, form={"ids": "a" * 32}),
    Route("POST", "/bulk/restore", SENT, form={"ids": "a" * 32}),
    Route("POST", "/bulk/move", SENT, form={"ids": "a" * 32, "batch": "b2"}),
    Route("POST", "/images/{id}/restore", _after(OWNED, 404, 303, 303), form={}),
    Route("POST", "/bulk/tag", SENT, form={"ids": "a" * 32, "tags": "beach"}),
    Route("POST", "/bulk/download", PAGE, form={"ids": "a" * 32}),
    Route("POST", "/bulk/manifest", PAGE, form={"ids": "a" * 32}),
    Route("POST", "/bulk/delete", OWNED_LATER, form={"all": "owner=ana&batch=none"}),
    Route("GET", "/background-tasks/none/live", _after(OPERATORS, 404)),
    Route("GET", "/users", OPERATORS),
    Route("POST", "/users", _after(OPERATORS, 422), form={"name": "bad name"}),
    Route("POST", "/users/nobody-such/password", _after(OPERATORS, 400), form={}),
    Route("POST", "/users/nobody-such/disabled", _after(OPERATORS, 400), form={"disabled": "true"}),
    Route("POST", "/users/nobody-such/role", _after(OPERATORS, 400), form={"role": "operator"}),
    Route("POST", "/users/nobody-such/remove", _after(OPERATORS, 400), form={}),
    Route("POST", "/users/nobody-such/tokens/revoke", _after(OPERATORS, 400), form={"digest": "0" * 64}),
    Route("GET", "/api/v1/images", API),
    Route("GET", "/api/v1/images?owner=ana", API_OWNED),
    Route("GET", "/api/v1/images/{id}", API_OWNED),
    Route("GET", "/api/v1/images/{id}/variants/thumb", _after(API_OWNED, 404, 302, 302)),
    Route("POST", "/api/v1/images/{id}/reprocess", _after(API_OWNED, 404, 202, 202), body={"recipe": "web"}),
    Route("POST", "/api/v1/uploads", _after(API, 201, 201, 201), body={"files": [{"name": "a.jpg", "bytes": 1}]}),
    Route("POST", "/api/v1/uploads/parts", API, body=PARTS | {"numbers": [1]}),
    Route("POST", "/api/v1/uploads/complete", _after(API, 404, 404, 404), body=PARTS),
    Route("POST", "/api/v1/uploads/abort", _after(API, 204, 204, 204), body=PARTS),
    Route("GET", "/api/v1/whoami", API),
    Route("GET", "/api/v1/recipes", API),
    Route("GET", "/api/v1/recipes/web", API),
    Route("GET", "/api/v1/recipes/none/versions", _after(API, 404, 404, 404)),
    Route("POST", "/api/v1/recipes/check", API, body={"text": ""}),
    Route("PUT", "/api/v1/recipes/web", _after(API_OPERATORS, 422), body={"text": ""}),
    Route("GET", "/api/v1/routes", API_OPERATORS),
    Route("GET", "/api/v1/adopted-buckets", API_OPERATORS),
    Route("GET", "/api/v1/adopted-buckets/none/check", _after(API_OPERATORS, 404)),
    Route("POST", "/api/v1/routes", _after(API_OPERATORS, 400), body={"match": "a***", "recipe": "web"}),
    Route("POST", "/api/v1/routes/test", API_OPERATORS, body={"key": "a.jpg"}),
    Route("DELETE", "/api/v1/routes/none", _after(API_OPERATORS, 404)),
    Route("GET", "/api/v1/owners/ana/default-recipe", API_OPERATORS),
    Route("PUT", "/api/v1/owners/ana/default-recipe", _after(API_OPERATORS, 400), body={"recipe": "none-such"}),
    Route("DELETE", "/api/v1/recipes/none", _after(API_OPERATORS, 404)),
    Route("GET", "/api/v1/users", API_OPERATORS),
    Route("POST", "/api/v1/users", _after(API_OPERATORS, 400), body={"name": "bad name"}),
    Route("GET", "/api/v1/users/nobody-such", _after(API_OPERATORS, 404)),
    Route("PATCH", "/api/v1/users/nobody-such", _after(API_OPERATORS, 404), body={"role": "operator"}),
    Route("POST", "/api/v1/users/nobody-such/password", _after(API_OPERATORS, 404)),
    Route("DELETE", "/api/v1/users/nobody-such", _after(API_OPERATORS, 404)),
    Route("GET", "/api/v1/users/nobody-such/tokens", _after(API_OPERATORS, 404)),
    Route("DELETE", "/api/v1/users/nobody-such/tokens/" + "0" * 12, _after(API_OPERATORS, 400)),
    Route("GET", "/api/v1/tokens", API),
    Route("PUT", "/api/v1/account/password", _after(API, 403, 403, 403), body={"current": "no", "new": "x" * 12}),
    Route("POST", "/api/v1/tokens", _after(API, 201, 201, 201), body={"label": "x", "scopes": ["read"], "days": 1}),
    Route("POST", "/api/v1/tokens", _after(API, 403, 403, 201), body={"label": "x", "scopes": ["operate"], "days": 1}),
    Route("DELETE", "/api/v1/tokens/" + "0" * 12, _after(API, 400, 400, 400)),
    Route("GET", "/api/v1/images?owner=*", _after(API_OPERATORS, 404, 404, 200)),
    Route("GET", "/api/v1/batches?owner=*", _after(API_OPERATORS, 404, 404, 200)),
    Route("GET", "/?owner=*", OPERATORS),
    Route("GET", "/api/v1/images/{id}/original", _after(API_OWNED, 404, 302, 302)),
    Route("POST", "/api/v1/images/{id}/links", _after(API_OWNED, 404, 201, 201), body={"variant": "thumb"}),
    Route("POST", "/api/v1/bulk", _after(API, 202, 202, 202), body={"action": "delete", "image_ids": ["a" * 32]}),
    Route("POST", "/api/v1/bulk/manifest", API, body={"image_ids": ["a" * 32]}),
    Route("POST", "/api/v1/bulk/manifest", API_OWNED, body={"matching": {"owner": "ana", "batch": "none"}}),
    Route("POST", "/api/v1/bulk/download", API, body={"image_ids": ["a" * 32]}),
    Route("POST", "/api/v1/bulk/download", API_OWNED, body={"matching": {"owner": "ana", "batch": "none"}}),
    Route("GET", "/api/v1/batches", API),
    Route("GET", "/api/v1/batches?owner=ana", API_OWNED),
    Route("POST", "/api/v1/batches", _after(API_OWNED, 404, 409, 409), body={"name": "b1", "owner": "ana"}),
    Route("GET", "/api/v1/batches/ana/b1", API_OWNED),
    Route("GET", "/api/v1/batches/ana/b1/manifest", API_OWNED),
    Route("POST", "/api/v1/batches/ana/b1/seal", API_OWNED, body={"image_ids": ["a" * 32]}),
    Route("GET", "/api/v1/fleet", API_OPERATORS),
    Route("GET", "/api/v1/fleet/history?range=24h", API_OPERATORS),
    Route("GET", "/api/v1/failures", API_OPERATORS),
    Route("POST", "/api/v1/redrive/preview", API_OPERATORS, body={"owner": "zed"}),
    Route("POST", "/api/v1/purge", _after(API_OPERATORS, 202), body={"cause": "empty"}),
    Route("GET", "/api/v1/background-tasks", API),
    Route("POST", "/api/v1/background-tasks/none/stop", _after(API, 404, 404, 404)),
    Route("POST", "/api/v1/background-tasks/none/roll-back", _after(API_OPERATORS, 404)),
    Route("POST", "/failures/redrive", _after(OPERATORS, 303), form={"owner": "zed", "preview": "true"}),
    Route("POST", "/api/v1/redrive", _after(API_OPERATORS, 202), body={"owner": "zed"}),
    Route("GET", "/api/v1/background-tasks/none", _after(API, 404, 404, 404)),
    Route("GET", "/api/v1/activity", API_OPERATORS),
    # Last, since these routes end the image or the session that other routes use. A deleted image is missing for
    # its owner, too.
    Route("DELETE", "/api/v1/images/{id2}", _after(API_OWNED, 404, 204, 204)),
    Route("POST", "/images/{id3}/delete", _after(OWNED, 404, 303, 303)),
    Route("POST", "/sign-out", _after(PAGE, 303, 303, 303)),
)
#: Not in the table: a stream that does not end by itself; see test_following.py.
ELSEWHERE: Final = frozenset({"GET /events"})


@pytest.fixture
def images(package_deployment: Deployment) -> dict[str, Image]:
    """Images of this test alone: the image that one caller deletes exists for the next caller."""
    own = uuid.uuid4().hex
    actual = {name: record(package_deployment, "ana", "b1", f"{own}/{name}.jpg") for name in ("id", "id2", "id3")}
    body = b"RIFF....WEBP"
    for image in actual.values():
        bucket = package_deployment.settings.results_bucket
        package_deployment.s3.put_object(Bucket=bucket, Key=image.variants[0].key, Body=body, ContentType="image/webp")
    uploads = package_deployment.settings.uploads_bucket
    package_deployment.s3.put_object(Bucket=uploads, Key=actual["id"].key, Body=b"x")
    return actual


def _client(dashboard: Dashboard, who: str) -> TestClient:
    match who:
        case "other":
            return dashboard.browser("ben")
        case "owner":
            return dashboard.browser("ana")
        case "operator":
            return dashboard.browser("olga")
        case "expired":
            client = dashboard.browser("ana")
            dashboard.deployment.users.end_session(_session_id(dashboard, client), 60)
            return client
        case "disabled":
            dashboard.deployment.users.add("dis", hash_password(PASSWORD))
            client = dashboard.browser("dis")
            dashboard.deployment.users.set_disabled("dis", disabled=True)
            return client
        case _:
            return dashboard.browser()


def _session_id(dashboard: Dashboard, client: TestClient) -> str:
    app = create_app(dashboard.deployment.settings, dashboard.deployment)
    _, session_id, _ = app.state.site.sessions._signer.loads(client.cookies["pixelfleet"])
    return str(session_id)


@pytest.mark.parametrize("who", WHO)
def test_every_route_answers_every_caller_with_the_status_in_the_table(
    dashboard: Dashboard, images: dict[str, Image], who: str
) -> None:
    client = _client(dashboard, who)
    wrong = []
    for route in ROUTES:
        path = route.path
        for name, image in images.items():
            path = path.replace(f"{{{name}}}", image.image_id).replace("{own}", image.path.partition("/")[0])
        answer = client.request(route.method, path, json=route.body, data=route.form)
        # The table has more routes than a stranger may request in a minute.
        dashboard.clock.sleep(1)
        expected = route.statuses[WHO.index(who)]
        if answer.status_code != expected:
            wrong.append(f"{route} as {who}: {answer.status_code}, not {expected}: {answer.text[:200]}")
    assert wrong == []


def test_a_token_permits_only_the_requests_of_its_scopes(dashboard: Dashboard, images: dict[str, Image]) -> None:
    reads, writes = dashboard.program("ana", Scope.READ), dashboard.program("ana", Scope.WRITE)
    upload = {"files": [{"name": "a.jpg", "bytes": 1}]}
    assert reads.get("/api/v1/images").status_code == 200
    assert reads.post("/api/v1/uploads", json=upload).status_code == 403
    assert writes.get("/api/v1/images").status_code == 403
    assert writes.post("/api/v1/uploads", json=upload).status_code == 201
    plain_operator = dashboard.program("olga", Scope.READ)
    # An operator's token shows data of other users only if the token has the scope `operate`.
    assert plain_operator.get(f"/api/v1/images/{images['id'].image_id}").status_code == 404
    assert dashboard.program("olga", Scope.OPERATE).get("/api/v1/fleet").status_code == 200


def test_a_token_that_is_expired_revoked_or_of_a_disabled_user_is_refused(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = dashboard.deployment.users
    users.add("tokens", hash_password(PASSWORD))
    first, second = dashboard.program("tokens", Scope.READ), dashboard.program("tokens", Scope.READ)
    user = users.get("tokens")
    assert user is not None
    users.revoke_token("tokens", user.tokens[0].digest)
    assert first.get("/api/v1/images").status_code == 401
    assert second.get("/api/v1/images").status_code == 200
    users.set_disabled("tokens", disabled=True)
    assert second.get("/api/v1/images").status_code == 401
    users.set_disabled("tokens", disabled=False)
    later = user.tokens[1].expires_at + 1
    monkeypatch.setattr("pixelfleet.catalog.users.time.time", lambda: later)
    answer = second.get("/api/v1/images")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (
        401,
        'Bearer realm="pixelfleet", error="invalid_token"',
    )


def test_the_table_holds_every_route(dashboard: Dashboard) -> None:
    app = create_app(dashboard.deployment.settings, dashboard.deployment)
    asked = {f"{route.method} {route.path.partition('?')[0]}" for route in ROUTES}

    def covered(route: APIRoute, method: str) -> bool:
        return f"{method} {route.path}" in ELSEWHERE or any(
            entry.startswith(f"{method} ") and route.path_regex.match(entry.partition(" ")[2]) for entry in asked
        )

    missing = [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if not covered(route, method)
    ]
    assert missing == []
