"""The dashboard on the applied stack, with its task definition's environment, its role's policy and every route."""

import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.routing import compile_path

from dashboard.api import health
from dashboard.app import _APIS, _PAGES, API
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane, Origin
from pixelfleet.domain.users import Role
from pixelfleet.errors import Cause
from tests.infra.keys import self_signed
from tests.infra.parts import await_true, depth, running, task_environment
from tests.infra.stack import DOMAIN, Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]

PASSWORD = "correct horse battery"
#: A harmless message for a DLQ: S3 sends this message when notifications are set up.
TEST_EVENT = '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}'


@dataclass
class Visitor:
    """A browser. It keeps cookies over HTTP and HTTPS, sends its session's form token, and records its routes."""

    client: httpx2.Client
    been: set[tuple[str, str]] = field(default_factory=set)
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str, expected: int = 200) -> httpx2.Response:
        return self._send("GET", path, expected)

    def head(self, path: str, expected: int = 200) -> httpx2.Response:
        return self._send("HEAD", path, expected)

    def post(
        self, path: str, expected: int, form: Mapping[str, Any] | None = None, json: Any = None
    ) -> httpx2.Response:
        return self._send("POST", path, expected, data=form, json=json)

    def patch(self, path: str, expected: int, json: Any) -> httpx2.Response:
        return self._send("PATCH", path, expected, json=json)

    def put(self, path: str, expected: int, json: Any) -> httpx2.Response:
        return self._send("PUT", path, expected, json=json)

    def delete(self, path: str, expected: int) -> httpx2.Response:
        return self._send("DELETE", path, expected)

    def stream(self, path: str, until: str) -> str:
        """The text of a stream of events up to `until`."""
        self.been.add(("GET", path.partition("?")[0]))
        said = ""
        with self.client.stream("GET", path, headers=self._headers(), timeout=60) as answer:
            for piece in answer.iter_text():
                said += piece
                if until in said:
                    break
        assert until in said
        return said

    def sign_in(self, name: str) -> None:
        actual = re.search(r'name="csrf_token" value="(\w+)"', self.get("/sign-in").text)
        assert actual is not None
        self.post("/sign-in", 303, {"user": name, "password": PASSWORD, "csrf_token": actual[1]})
        self._take_token()

    def change_password(self) -> None:
        self.post("/account/password", 303, {"current": PASSWORD, "new": PASSWORD + "!"})
        self._take_token()

    def _take_token(self) -> None:
        actual = re.search(r'name="csrf_token" value="(\w+)"', self.get("/account").text)
        assert actual is not None
        self.token = actual[1]

    def _send(self, method: str, path: str, expected: int, **content: Any) -> httpx2.Response:
        self.been.add((method, path.partition("?")[0]))
        answer = self.client.request(method, path, headers=self._headers(), **content)
        for line in answer.headers.get_list("set-cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text[-2000:]}"
        return answer

    def _headers(self) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookie, "X-CSRF-Token": self.token}


@dataclass
class Service:
    """The running dashboard."""

    url: str
    log: Path

    def visitor(self) -> Visitor:
        return Visitor(httpx2.Client(base_url=self.url, timeout=60))


@pytest.fixture(scope="module")
def dashboard(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The dashboard as its task runs it, except for the listen address. The secrets are those that ECS would inject."""
    scratch = tmp_path_factory.mktemp("scratch")
    container = stack.container("dashboard")
    values = {
        "PIXELFLEET_SESSION_SECRET": "of-this-test-alone-and-32-characters-long",
        "PIXELFLEET_CLOUDFRONT_PRIVATE_KEY": self_signed(DOMAIN).private_key,
    }
    secrets = {entry["name"]: values[entry["name"]] for entry in container["secrets"]}
    environment = task_environment(stack, "dashboard", scratch) | secrets | stack.emulators.as_aws
    environment.pop("PIXELFLEET_SCRATCH_DIR")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    service = Service(f"http://127.0.0.1:{port}", scratch / "dashboard.log")
    assert container["command"][:2] == ["pixelfleet", "dashboard"]
    with running(["dashboard", "--host", "127.0.0.1", "--port", str(port)], environment, service.log):
        await_true(lambda: answers(service), "the dashboard answers", service.log)
        yield service


def answers(service: Service) -> bool:
    try:
        return httpx2.get(f"{service.url}/health").status_code == 200
    except httpx2.TransportError:
        return False


def test_every_route_has_the_rights_that_it_needs(
    stack: Stack, operator: Deployment, worker: Path, dashboard: Service, photo: bytes
) -> None:
    operator.users.add("olga", hash_password(PASSWORD), Role.OPERATOR)
    olga = dashboard.visitor()
    olga.get("/health")
    olga.get("/ready")
    olga.sign_in("olga")

    ready, broken = upload(olga, photo, worker)
    look_at(olga, ready)
    work_with(olga, ready, worker)
    seal(olga, ready, broken)
    send_again(stack, operator, olga, broken)
    look_at_the_fleet(olga)
    manage(olga, dashboard)
    work_with_many(olga, ready)
    work_with_recipes(olga)
    work_with_recipe_pages(olga, ready)
    await_image(olga, ready, "ready", worker)
    ask_for_a_lazy_variant(olga, ready)
    remove(olga, ready, broken, worker)
    olga.post("/sign-out", 303)
    olga.client.close()

    assert unvisited(olga.been) == set()
    said = dashboard.log.read_text()
    assert "AccessDenied" not in said
    assert "not authorized" not in said


def upload(olga: Visitor, photo: bytes, worker: Path) -> tuple[str, str]:
    """Upload two files of a batch, one of them broken, by forms directly to S3. Returns the ids of the done images."""
    olga.get("/upload")
    files = [{"name": name, "bytes": size, "type": "image/jpeg"} for name, size in (("a.jpg", 9), ("b.jpg", 9))]
    answer = olga.post("/api/v1/uploads", 201, json={"batch": "spring", "recipe": "web", "files": files}).json()
    ids = []
    for form, body in zip(answer["files"], (photo, b"no image at all"), strict=True):
        stored = httpx2.post(form["url"], data=form["fields"], files={"file": ("x", body)})
        assert stored.status_code == 204, stored.text
        ids.append(form["image_id"])
    for image, status in zip(ids, ("ready", "failed"), strict=True):
        await_image(olga, image, status, worker)
    return ids[0], ids[1]


def await_image(olga: Visitor, image: str, status: str, worker: Path) -> None:
    def settled() -> bool:
        listed = olga.get("/api/v1/images?batch=spring").json()["images"]
        return any(one["image_id"] == image and one["status"] == status for one in listed)

    await_true(settled, f"{image} is {status}", worker)


def look_at(olga: Visitor, image: str) -> None:
    for path in ("/", "/more", "/batches", "/batches?owner=*", "/batches/olga/spring", "/batches/olga/spring/live"):
        olga.get(path)
    for query in ("status=ready", "batch=spring&status=failed", "batch=spring&name=a", "owner=olga&since=2026-01-01"):
        olga.get(f"/api/v1/images?{query}")
    reported = olga.get(f"/api/v1/images/{image}").json()
    olga.get(f"/images/{image}")
    assert image in olga.get(f"/tiles?id={image}").text
    for what in ("original", "drawn"):
        presigned = olga.get(f"/images/{image}/{what}", 302).headers["location"]
        assert httpx2.get(presigned).content.startswith(b"\xff\xd8")
    variant = reported["variants"][0]["name"]
    signed = olga.get(f"/api/v1/images/{image}/variants/{variant}", 302).headers["location"]
    assert signed.startswith(f"https://{DOMAIN}/i/olga/{image}/")
    olga.post(f"/images/{image}/link", 200, {"variant": variant, "lifetime": "1 hour"})
    assert olga.get(f"/v/{image}/{variant}").content == olga.get("/v/olga/spring/a.jpg/" + variant).content
    olga.head(f"/v/{image}/{variant}")
    assert "1 batch" in olga.get("/total?owner=olga").text
    # CloudFront serves these paths before the dashboard. Without CloudFront, the dashboard serves them by equal rights.
    assert olga.get("/i/" + signed.partition("/i/")[2].partition("?")[0]).content


def work_with(olga: Visitor, image: str, worker: Path) -> None:
    olga.post(f"/images/{image}/reprocess", 303, {"recipe": "web"})
    await_image(olga, image, "ready", worker)
    olga.post(f"/api/v1/images/{image}/reprocess", 202, json={"recipe": "archive"})
    await_image(olga, image, "ready", worker)


def seal(olga: Visitor, *ids: str) -> None:
    olga.get("/api/v1/batches")
    olga.get("/api/v1/batches/olga/spring")
    assert len(olga.get("/api/v1/batches/olga/spring/manifest").text.splitlines()) == len(ids)
    olga.post("/api/v1/batches/olga/spring/seal", 200, json={"image_ids": list(ids)})
    olga.stream("/events?follow=batch:olga/spring", '"settled": true')


def send_again(stack: Stack, operator: Deployment, olga: Visitor, broken: str) -> None:
    """Redrive and purge every kind of dead letter: those of a lane and those of the uploads queue."""
    record = operator.images.get(broken)
    assert record is not None
    letters = {name: stack.outputs["dlq_urls"][name] for name in ("uploads", "bulk")}
    operator.queues.bury(Lane.BULK, record.job(Origin.EVENT), Cause.CRASHED)
    stack.client("sqs").send_message(QueueUrl=letters["uploads"], MessageBody=TEST_EVENT)

    assert olga.get("/api/v1/failures").json()["dead_letters"] == {"uploads": 1, "bulk": 1, "heavy": 0}
    olga.get("/failures")
    # A purge of another cause makes the letters that it does not delete visible again.
    follow(olga, olga.post("/failures/purge", 303, {"cause": "too_many_pixels", "confirmation": "purge"}))
    follow(olga, olga.post("/api/v1/redrive", 202, json={"cause": record.cause}))
    follow(olga, olga.post("/failures/redrive", 303))
    follow(olga, olga.post("/failures/purge", 303, {"cause": record.cause, "confirmation": "purge"}))

    assert {name: depth(stack, url) for name, url in letters.items()} == {"uploads": 0, "bulk": 0}


def follow(olga: Visitor, begun: httpx2.Response) -> None:
    """Poll a background task until it is done."""
    task = begun.headers["location"].rpartition("/")[2]
    deadline = time.monotonic() + 60
    while (reported := olga.get(f"/api/v1/background-tasks/{task}").json())["state"] == "running":
        assert time.monotonic() < deadline, reported
        time.sleep(0.1)
    assert reported["state"] == "done", reported
    olga.get(f"/background-tasks/{task}")
    olga.get(f"/background-tasks/{task}/live")


def look_at_the_fleet(olga: Visitor) -> None:
    lanes = olga.get("/api/v1/fleet").json()["overview"]["lanes"]
    assert {lane["name"] for lane in lanes} == {"uploads", "bulk", "heavy"}
    for path in (
        "/fleet",
        "/fleet/live",
        "/activity",
        "/background-tasks",
        "/api/v1/activity",
        "/api/v1/fleet/history",
    ):
        olga.get(path)


def manage(olga: Visitor, service: Service) -> None:
    olga.get("/users")
    olga.post("/users", 303, {"name": "ben", "role": "user", "email": "ben@example.com"})
    olga.post("/users/ben/password", 303)
    olga.post("/users/ben/disabled", 303, {"disabled": "true"})
    olga.post("/account/tokens", 303, {"label": "ci", "days": "1", "scopes": ["read"]})
    actual = re.search(r"pxf_[\w-]+", olga.get("/account").text)
    assert actual is not None
    program = httpx2.get(f"{service.url}/api/v1/images", headers={"Authorization": f"Bearer {actual[0]}"})
    assert program.status_code == 200
    digest = re.search(r'name="digest" value="(\w+)"', olga.get("/account").text)
    assert digest is not None
    olga.post("/account/tokens/revoke", 303, {"digest": digest[1]})
    olga.post("/account/tokens", 303, {"label": "other", "days": "1", "scopes": ["read"]})
    digest = re.search(r'name="digest" value="(\w+)"', olga.get("/users").text)
    assert digest is not None
    olga.post("/users/olga/tokens/revoke", 303, {"digest": digest[1]})
    olga.post("/users/ben/role", 303, {"role": "operator"})
    olga.post("/users/ben/remove", 303)
    manage_by_api(olga)
    assert olga.get("/session").json()["user"] == "olga"
    olga.change_password()


def manage_by_api(olga: Visitor) -> None:
    olga.post("/api/v1/users", 201, json={"name": "ben"})
    olga.patch("/api/v1/users/ben", 200, {"role": "operator", "disabled": True})
    olga.post("/api/v1/users/ben/password", 200)
    for path in ("/api/v1/users", "/api/v1/users/ben", "/api/v1/users/ben/tokens", "/api/v1/tokens"):
        olga.get(path)
    for path in ("/api/v1/tokens/", "/api/v1/users/olga/tokens/"):
        made = olga.post("/api/v1/tokens", 201, json={"label": "x", "scopes": ["read"], "days": 1}).json()
        olga.delete(path + made["id"], 204)
    olga.delete("/api/v1/users/ben", 204)


def work_with_many(olga: Visitor, image: str) -> None:
    follow(olga, olga.post("/bulk/reprocess", 303, {"ids": image}))
    assert olga.post("/bulk/download", 200, {"ids": image}).content.startswith(b"PK")
    for path in ("/docs", "/api/v1/whoami", "/api/v1/recipes", "/api/v1/users", "/api/v1/images?owner=*"):
        olga.get(path)
    olga.get(f"/api/v1/images/{image}/original", 302)
    olga.post(f"/api/v1/images/{image}/links", 201, json={"variant": "thumb"})
    follow(olga, olga.post("/bulk/reprocess", 303, {"ids": image, "recipe": "web"}))
    task = olga.post("/api/v1/bulk", 202, json={"action": "delete", "image_ids": ["a" * 32]}).json()["id"]
    olga.get(f"/api/v1/background-tasks/{task}")
    follow(olga, olga.post("/bulk/tag", 303, {"ids": image, "tags": "beach"}))
    assert olga.post("/api/v1/bulk/download", 200, json={"image_ids": [image]}).content.startswith(b"PK")
    assert olga.post("/api/v1/redrive/preview", 200, json={"owner": "olga", "batch": "spring"}).json()["complete"]
    follow(olga, olga.post("/api/v1/purge", 202, json={"cause": "empty"}))
    assert olga.get("/api/v1/background-tasks").json()["tasks"]
    olga.post("/api/v1/background-tasks/none/stop", 404)
    olga.post("/api/v1/background-tasks/none/roll-back", 404)
    for path in (f"/images/{image}/duplicates", f"/api/v1/images/{image}/duplicates"):
        olga.get(path)
    for path in ("/duplicates", "/api/v1/duplicates", "/duplicates?near=4"):
        olga.get(path)
    for path in (f"/images/{image}/tiles.zip", f"/api/v1/images/{image}/tiles.zip"):
        olga.get(path, 404)
    for path in ("/help", "/help/howto/dashboard", "/adopted", "/api/v1/adopted-buckets"):
        olga.get(path)
    olga.get("/api/v1/adopted-buckets/none/check", 404)
    assert image in olga.post("/bulk/manifest", 200, {"ids": image}).text
    assert image in olga.post("/api/v1/bulk/manifest", 200, json={"image_ids": [image]}).text
    assert olga.get(f"/api/v1/images/{image}/variants/thumb/score").json()["score"] is not None
    olga.get(f"/images/{image}/score?key=none", 404)
    # The stack keeps no revisions, but the record is still read.
    olga.post(f"/images/{image}/revisions/none/current", 400)
    olga.post(f"/api/v1/images/{image}/revisions/{'ab' * 16}.9/current", 400)
    olga.post("/api/v1/batches", 201, json={"name": "autumn", "recipe": "web"})
    for path in ("/months", "/api/v1/months"):
        olga.get(path)
    # The selection is empty, but the images are still read.
    follow(olga, olga.post("/bulk/delete", 303, {"all": "owner=olga&batch=none"}))
    done = olga.post("/bulk/delete", 303, {"all": "owner=*&name=none"}).headers["location"]
    olga.post(f"{done}/stop", 303)
    olga.post(f"{done}/roll-back", 303)
    begun = olga.post("/api/v1/uploads", 201, json={"batch": "spring", "files": [{"name": "big.tif", "bytes": 10**9}]})
    upload_id = begun.json()["files"][0]["parts"]["upload_id"]
    about = {"batch": "spring", "name": "big.tif", "upload_id": upload_id, "bytes": 10**9}
    assert olga.post("/api/v1/uploads/parts", 200, json=about).json()["stored"] == []
    olga.post("/api/v1/uploads/complete", 409, json=about)
    olga.post("/api/v1/uploads/abort", 204, json=about)
    olga.post("/batches/olga/spring/seal", 303)


def work_with_recipes(olga: Visitor) -> None:
    """Store a recipe, name it in a route and for an owner, and undo all changes."""
    text = olga.get("/api/v1/recipes/web").json()["text"].replace('"web"', '"spring"', 1)
    assert olga.post("/api/v1/recipes/check", 200, json={"text": text}).json()["right"]
    olga.put("/api/v1/recipes/spring", 200, {"text": text})
    olga.get("/api/v1/recipes/spring/versions")
    made = olga.post("/api/v1/routes", 201, json={"match": "none/**", "recipe": "spring"}).json()
    olga.get("/api/v1/routes")
    olga.post("/api/v1/routes/test", 200, json={"key": "none/a.jpg"})
    for recipe in ("spring", None):
        olga.put("/api/v1/owners/olga/default-recipe", 200, {"recipe": recipe})
        assert olga.get("/api/v1/owners/olga/default-recipe").json()["recipe"] == recipe
    olga.delete(f"/api/v1/routes/{made['route']['id']}", 200)
    olga.delete("/api/v1/recipes/spring", 204)


def work_with_recipe_pages(olga: Visitor, image: str) -> None:
    """The same by the pages, and a trial of a draft, which stores nothing."""
    text = olga.get("/api/v1/recipes/web").json()["text"].replace('"web"', '"autumn"', 1)
    for path in ("/recipes", "/recipes/web", "/recipes/web/edit", "/routes"):
        olga.get(path)
    text += '\n[[variants]]\nname = "large"\nbox = 40\nlazy = true\n'
    olga.post("/recipes/autumn/edit", 303, {"text": text})
    for address, body in (
        ("/recipes/autumn/try", {"form": {"text": text, "image": image}}),
        ("/api/v1/recipes/try", {"json": {"text": text, "image_id": image}}),
    ):
        trial = olga.post(address, 200, **body).json()
        assert trial["draft"]["problem"] is None
    olga.post("/routes", 303, {"match": "none/**", "recipe": "autumn"})
    [route] = olga.get("/api/v1/routes").json()["routes"]
    olga.post(f"/routes/{route['id']}/delete", 303)
    for recipe in ("autumn", ""):
        olga.post("/routes/default", 303, {"owner": "olga", "recipe": recipe})
    olga.post(f"/images/{image}/reprocess", 303, {"recipe": "autumn"})
    olga.post("/recipes/autumn/delete", 303)
    follow(olga, olga.post("/outdated", 303, {"count": "true"}))
    follow(olga, olga.post("/api/v1/outdated", 202, json={"count": True}))


def ask_for_a_lazy_variant(olga: Visitor, image: str) -> None:
    """The dashboard reads the original, stores the variant and changes the record, by its own role."""
    assert "large" not in variants(olga, image)
    assert olga.get(f"/v/{image}/large").content.startswith(b"\xff\xd8")
    assert "large" in variants(olga, image)


def variants(olga: Visitor, image: str) -> list[str]:
    return [variant["name"] for variant in olga.get(f"/api/v1/images/{image}").json()["variants"]]


def remove(olga: Visitor, ready: str, broken: str, worker: Path) -> None:
    """Delete an image and undo that, one by one and in bulk; move the image to another batch; delete the broken one."""
    olga.delete(f"/api/v1/images/{ready}", 204)
    olga.post(f"/images/{ready}/restore", 303)
    await_image(olga, ready, "ready", worker)
    follow(olga, olga.post("/bulk/delete", 303, {"ids": ready}))
    follow(olga, olga.post("/bulk/restore", 303, {"ids": ready}))
    await_image(olga, ready, "ready", worker)
    follow(olga, olga.post("/bulk/move", 303, {"ids": ready, "batch": "summer"}))
    olga.post(f"/images/{broken}/delete", 303)
    olga.put("/api/v1/account/password", 403, {"current": "wrong", "new": PASSWORD})


def unvisited(been: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The dashboard's routes that none of these requests reached."""
    routers = [("", health.router)] + [(API, module.router) for module in _APIS]
    routers += [("", page.router) for page in _PAGES]
    routes: set[tuple[str, str]] = {
        (method, prefix + route.path)
        for prefix, router in routers
        for route in router.routes
        for method in route.methods
    }
    return {
        (method, path)
        for method, path in routes
        if not any(method == done and compile_path(path)[0].match(where) for done, where in been)
    }


def test_the_dashboard_may_read_services_of_ecs_and_metrics_of_cloudwatch(stack: Stack) -> None:
    """The dashboard treats a refusal of these calls as an empty answer, so its pages do not show the refusal."""
    keys = stack.credentials("dashboard")
    ecs, cloudwatch = (stack.emulators.client(service, keys) for service in ("ecs", "cloudwatch"))
    names = [stack.outputs["service_names"][lane] for lane in ("bulk", "heavy")]
    now = time.time()

    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        # ECS itself runs in moto. ministack checks the right before it looks up the cluster.
        ecs.describe_services(cluster=stack.outputs["cluster_name"], services=names)
    answer = cloudwatch.get_metric_data(MetricDataQueries=[], StartTime=now - 60, EndTime=now)

    assert answer["MetricDataResults"] == []
