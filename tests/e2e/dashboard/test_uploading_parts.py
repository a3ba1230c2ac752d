"""Large files go up in parts from a real browser. A pause, a lost line, a reload and an ended session cost no part."""

import hashlib
import random
import re
from pathlib import Path

import pytest
from PIL import Image as Picture
from playwright.sync_api import Page, Request, Route, expect

from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Status
from tests.e2e.dashboard.conftest import PART, TIMEOUT, Served, Visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Twelve megabytes: two whole parts, and a third one. A TIFF may have bytes that none of its offsets lead to."""
    path = tmp_path / "scan.tif"
    Picture.new("RGB", (400, 300), (20, 90, 160)).save(path, "TIFF")
    with path.open("ab") as file:
        file.write(random.Random(7).randbytes(12_000_000 - path.stat().st_size))
    return path


def is_part(request: Request) -> bool:
    return request.method == "PUT" and "partNumber=" in request.url


class Line:
    """The line of a page's browser, and the parts that went over it."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self.parts: list[str] = []
        page.on("requestfinished", self._note)

    def _note(self, request: Request) -> None:
        if is_part(request):
            self.parts.append(request.url.partition("partNumber=")[2].partition("&")[0])

    def set(self, *, upload: int = -1, offline: bool = False) -> None:
        """`upload` is in bytes a second, -1 for no limit."""
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        self._session.send("Network.emulateNetworkConditions", conditions)


def begin(visitor: Visitor, batch: str, scan: Path) -> Line:
    """Parts are under way, so slowly that none of them arrives soon."""
    line = Line(visitor.page)
    visitor.sign_in("ana")
    visitor.open("/upload")
    visitor.page.get_by_label("Batch").fill(batch)
    line.set(upload=1_000_000)
    with visitor.page.expect_request(is_part):
        visitor.page.locator("#files").set_input_files(str(scan))
    visitor.page.wait_for_function("() => document.getElementById('total').value > 0")
    return line


def check_stored(served: Served, batch: str, scan: Path) -> None:
    """The object has the bytes of the file, and a worker has made its variants."""
    image = served.deployment.images.get(
        image_id(served.deployment.settings.uploads_bucket, f"uploads/ana/{batch}/scan.tif")
    )
    assert image is not None
    assert image.status is Status.READY
    assert image.sha256 == hashlib.sha256(scan.read_bytes()).hexdigest()


def test_a_file_in_parts_outlives_a_lost_line_a_pause_and_a_reload(
    visitor: Visitor, served: Served, scan: Path
) -> None:
    page = visitor.page
    page.clock.install()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    # The third part does not arrive before the reload.
    page.route(re.compile(r"partNumber=3\b"), hold)
    line = begin(visitor, "in-parts", scan)
    text = page.locator("#total-text")

    # The line breaks in the middle of two parts, for thirty seconds of the page's clock.
    line.set(offline=True)
    expect(text).to_contain_text("No network: waiting")
    page.clock.fast_forward(30_000)
    expect(text).to_contain_text("No network: waiting")
    assert line.parts == []
    line.set()
    page.wait_for_function(f"() => document.getElementById('total').value >= {2 * PART}")

    # A pause keeps the stored parts.
    page.get_by_role("button", name="Pause").click()
    expect(text).to_contain_text("Paused.")
    assert sorted(line.parts) == ["1", "2"]
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Pause").click()
    expect(text).to_contain_text("Paused.")
    page.clock.fast_forward(2_000)
    page.reload()
    assert len(held) >= 1
    page.unroute_all()
    expect(page.get_by_text("The upload of in-parts was interrupted")).to_be_visible()
    page.locator("#files").set_input_files(str(scan))
    expect(page.locator("#live")).to_contain_text("Completed ", timeout=TIMEOUT)
    assert sorted(line.parts) == ["1", "2", "3"]
    check_stored(served, "in-parts", scan)
    assert [one for one in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in one] == []


def test_a_session_that_ends_in_the_middle_of_a_file_costs_no_part(
    visitor: Visitor, served: Served, scan: Path
) -> None:
    page = visitor.page
    line = begin(visitor, "session-in-parts", scan)
    page.context.clear_cookies()
    line.set()
    # The parts have their addresses; only the end of the upload needs the session.
    expect(page.locator("#total-text")).to_contain_text("Your session has ended")
    with page.context.expect_page() as opened:
        page.locator("#session").click()
    Visitor(opened.value, visitor.url).sign_in("ana")
    opened.value.close()
    page.bring_to_front()
    # Playwright keeps every page focused, so that a change of the tab fires no event.
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    expect(page.locator("#live")).to_contain_text("Completed ", timeout=TIMEOUT)
    assert sorted(line.parts) == ["1", "2", "3"]
    check_stored(served, "session-in-parts", scan)
    assert [one for one in visitor.complaints if "401" not in one] == []
