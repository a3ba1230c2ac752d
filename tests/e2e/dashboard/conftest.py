"""A whole deployment with its dashboard, and Debian's Chromium to open the dashboard.

With SCREENSHOTS=FOLDER the screenshots are kept in that folder, for docs/images and for inspection.
"""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from pixelfleet.credentials.passwords import hash_password
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.users import Role
from pixelfleet.localcloud.emulator import Emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.ports import answers, listen_on, port_of
from pixelfleet.localcloud.programs import dashboard_program, pump_program, worker_program
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.operations.completion import seal
from pixelfleet.settings import load_settings
from tests.e2e.conftest import enter
from tests.e2e.dashboard.light import PASSWORD, Light, light_dashboard
from tests.waiting import eventually

AXE = Path(__file__).parents[2] / "vendor/axe/axe.min.js"
#: Bytes of a part of a large upload.
PART = 5 * 1024**2
#: Milliseconds. On an idle machine, each step takes a fraction of this.
TIMEOUT = 60_000
#: The rules of WCAG 2.2 at levels A and AA, and axe's own best practices.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Served:
    """A running deployment and the URL of its dashboard."""

    deployment: Deployment
    url: str


@dataclass
class Visitor:
    """A person at a browser. `complaints` keeps the browser's errors and warnings; tests assert that there are none."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.set_default_timeout(TIMEOUT)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def sign_in(self, name: str) -> None:
        self.page.goto(f"{self.url}/sign-in")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.url}/")

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("networkidle" if path != "/fleet" else "load")

    def off_screen(self) -> list[str]:
        """The controls of the page that are beyond the right edge of the screen."""
        return [str(one) for one in self.page.evaluate(OFF_SCREEN)]

    def accessible(self, rules: list[str] = RULES) -> list[str]:
        """axe-core's violations on the page, of rules or of tags of rules.

        axe-core is evaluated from outside because the policy admits no script.
        """
        # The header stays in view and covers what is scrolled below it.
        self.page.evaluate("() => scrollTo(0, 0)")
        if self.page.evaluate("() => typeof axe === 'undefined'"):
            self.page.evaluate(AXE.read_text())
        actual = self.page.evaluate(
            """async rules => {
              const result = await axe.run(document, {runOnly: rules});
              const described = node => node.html.slice(0, 160) + ' ' + node.failureSummary;
              return result.violations.map(one => one.id + ': ' + one.nodes.map(described).join(' | '));
            }""",
            rules,
        )
        return [str(one) for one in actual]


#: The buttons and links of a page that are right of the screen, though they are not in a text of documentation.
OFF_SCREEN = """() => [...document.querySelectorAll("main :is(button, a, input, select)")]
  .filter((one) => one.checkVisibility() && !one.closest(".document, .visually-hidden"))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reported = "no Chromium here: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reported)
        pytest.skip(reported)
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root, and a container runs as root.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        expect.set_options(timeout=TIMEOUT)
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Standing:
    """The processes that all tests of one test process share, and how to reach them."""

    environment: dict[str, str]
    url: str


@pytest.fixture(scope="session")
def standing_dashboard(cloud: Emulator, cloud_folder: DataFolder) -> Iterator[Standing]:
    listening = listen_on(0)
    url = f"http://127.0.0.1:{port_of(listening)}"
    environment = cloud.environment(cloud_folder.scratch) | {
        "PIXELFLEET_PREFIX": f"t{uuid.uuid4().hex[:12]}",
        "PIXELFLEET_DASHBOARD_URL": url,
        "PIXELFLEET_SESSION_SECRET": "a secret of the tests, long enough to sign",
        # The smallest parts that S3 takes, so that a file of 12 MB has three of them.
        "PIXELFLEET_PARTS_FROM": str(PART),
        "PIXELFLEET_PART_BYTES": str(PART),
    }
    with listening, pytest.MonkeyPatch.context() as patch, ProcessSupervisor() as processes:
        enter(environment, patch)
        settings = load_settings()
        provision(settings)
        users = Deployment(settings).users
        hashed = hash_password(PASSWORD)
        users.add("ana", hashed)
        users.add("olga", hashed, Role.OPERATOR)
        # Tests in this process that use no cloud must not see this environment.
        patch.undo()
        processes.start(pump_program(environment, cloud_folder))
        processes.start(worker_program(Lane.BULK, 1, environment, cloud_folder))
        processes.start(dashboard_program(listening, environment, cloud_folder))
        eventually(lambda: answers(port_of(listening), "/ready"))
        yield Standing(environment, url)


@pytest.fixture
def served(standing_dashboard: Standing, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The shared deployment. The environment of the test's own process points to the deployment."""
    enter(standing_dashboard.environment, monkeypatch)
    return Served(Deployment(load_settings()), standing_dashboard.url)


@pytest.fixture(scope="session")
def files(samples: Path) -> list[str]:
    """Twenty samples that the upload page accepts. Some of them are broken."""
    actual = sorted(path for path in samples.rglob("*") if path.is_file() and path.stat().st_size)
    return [str(path) for path in actual if path.suffix != ".mp4"][:20]


@pytest.fixture
def stock(served: Served, files: list[str]) -> str:
    """The path of an image's page. The image is in a batch of the operator's own, with failures, uploaded once."""
    deployment = served.deployment
    keys = [f"uploads/olga/stock/{Path(file).name}" for file in files]
    if deployment.batches.get("olga", "stock") is None:
        deployment.batches.create("olga", "stock")
        for file, key in zip(files, keys, strict=True):
            deployment.s3.upload_file(file, deployment.settings.uploads_bucket, key)
        seal(deployment, "olga", "stock")
        eventually(lambda: deployment.batches.counts("olga", "stock").accounted == len(keys))
    shown = next(key for key in keys if key.endswith("/progressive.jpg"))
    return f"/images/{image_id(deployment.settings.uploads_bucket, shown)}"


@pytest.fixture
def contexts(chromium: Browser) -> Iterator[list[BrowserContext]]:
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


@pytest.fixture
def visitor(chromium: Browser, contexts: list[BrowserContext], served: Served) -> Visitor:
    return visit(chromium, contexts, served.url)


@pytest.fixture(scope="module")
def light() -> Iterator[Light]:
    with light_dashboard() as dashboard:
        yield dashboard


@pytest.fixture
def ana(chromium: Browser, contexts: list[BrowserContext], light: Light) -> Visitor:
    """Ana at the light dashboard."""
    visitor = visit(chromium, contexts, light.url)
    visitor.sign_in("ana")
    return visitor


def visit(chromium: Browser, contexts: list[BrowserContext], url: str, **looks: Any) -> Visitor:
    """A separate browser context. `looks` are arguments of Playwright's new_context."""
    looks.setdefault("viewport", {"width": 1280, "height": 800})
    context = chromium.new_context(**looks)
    contexts.append(context)
    return Visitor(context.new_page(), url)


def no_motion(page: Page) -> None:
    """Wait until all fade-in animations have ended."""
    page.wait_for_function("() => [...document.images].every(one => one.complete || one.loading === 'lazy')")
    # A spinner's animation never ends.
    page.evaluate(
        """() => Promise.all(
          document.getAnimations()
            .filter((one) => one.effect?.getTiming().iterations !== Infinity)
            .map((one) => one.finished.catch(() => null)),
        )"""
    )


def batch_name(page: Page) -> str:
    actual = re.search(r"/batches/[^/]+/([^/?]+)", page.url)
    assert actual is not None, page.url
    return actual[1]


def keep(visitor: Visitor, name: str) -> None:
    """Save a screenshot of the page, if SCREENSHOTS is set."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        visitor.page.screenshot(path=Path(folder) / f"{name}.png")
