"""The dashboard on moto, and browsers and programs that use the dashboard, all in process."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from dashboard.app import create_app
from pixelfleet.catalog.sign_in_attempts import ANYWHERE
from pixelfleet.catalog.users import MOST_TOKENS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.users import Role, Scope
from tests.clock import Clock
from tests.fakes.deployment import moto_deployment
from tests.waiting import await_background_tasks, eventually

PASSWORD = "correct horse battery"
USERS = {"ana": Role.USER, "ben": Role.USER, "olga": Role.OPERATOR, "dora": Role.USER}


@dataclass(frozen=True)
class Dashboard:
    """The service, and clients that act as a user of the service."""

    deployment: Deployment
    make_client: Callable[[], TestClient]
    clock: Clock

    def browser(self, name: str | None = None) -> TestClient:
        """A browser, signed in if a name is given. Its requests carry the form token of its session."""
        client = self.make_client()
        if name is not None:
            answer = sign_in(client, name)
            assert answer == 303, answer
            client.headers["X-CSRF-Token"] = form_token(client.get("/account").text)
        return client

    def program(self, name: str, *scopes: Scope, days: int = 1) -> TestClient:
        """A client with a bearer token. All tests of a process share the users, whose tokens are limited in number."""
        user = self.deployment.users.get(name)
        for old in user.tokens[: -MOST_TOKENS // 2] if user else ():
            self.deployment.users.revoke_token(name, old.digest)
        token, _ = self.deployment.users.issue_token(name, "test", scopes or (Scope.READ, Scope.WRITE), days)
        client = self.make_client()
        client.headers["Authorization"] = f"Bearer {token}"
        return client


def sign_in(client: TestClient, name: str, password: str = PASSWORD, **more: str) -> int:
    """Signs in through the form, as a browser does; returns the status."""
    token = form_token(client.get("/sign-in").text)
    form = {"user": name, "password": password, "csrf_token": token} | more
    return client.post("/sign-in", data=form).status_code


def form_token(page: str) -> str:
    actual = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', page)
    assert actual is not None, page
    return actual[1]


@contextmanager
def no_count(client: Any) -> Iterator[None]:
    """Waits for the present count of a changed route. Within, no other count begins."""
    free = client.app.state.site.background_tasks._counts
    assert eventually(lambda: free.acquire(blocking=False))
    try:
        yield
    finally:
        free.release()


@pytest.fixture(scope="package")
def package_deployment() -> Iterator[Deployment]:
    with moto_deployment(quick_tables=True) as deployment:
        # Weak parameters, for speed: the verification takes the parameters from the hash.
        hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        for name, role in USERS.items():
            deployment.users.add(name, hashed, role)
        yield deployment


@pytest.fixture(scope="package")
def package_loop() -> Iterator[BlockingPortal]:
    """One event loop for all requests, as in a server; a client alone would start a loop for each request."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture
def dashboard(package_deployment: Deployment, package_loop: BlockingPortal) -> Iterator[Dashboard]:
    """A service for one test, with new rate limits that count by `clock`, over the one catalog of the package.

    Its background tasks end before the test ends: a thread that outlived the catalog would call AWS itself. Sign-ins of
    other tests do not count: together they are more than an account may have.
    """
    for name in USERS:
        package_deployment.sign_in_attempts.forget(name, ANYWHERE)
    clock = Clock()
    app = create_app(package_deployment.settings, package_deployment, clock)

    def client() -> TestClient:
        made = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
        made.portal = package_loop
        return made

    yield Dashboard(package_deployment, client, clock)
    await_background_tasks()
