"""One person in a real browser: images are uploaded, looked at, compared, shared, processed again and deleted."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pixelfleet.credentials.passwords import hash_password
from pixelfleet.domain.records import Status
from tests.e2e.dashboard.conftest import TIMEOUT, Served, Visitor
from tests.e2e.dashboard.light import PASSWORD
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_a_person_uploads_looks_compares_and_deletes(visitor: Visitor, files: list[str], served: Served) -> None:
    page = visitor.page
    served.deployment.users.add("una", hash_password(PASSWORD))
    visitor.sign_in("una")
    expect(page.get_by_role("heading", name="No images yet")).to_be_visible()
    page.get_by_role("link", name="Upload", exact=True).first.click()
    # Whether the page's script has run by now or not, the files are uploaded.
    page.get_by_label("Batch").fill("first")
    page.locator("#files").set_input_files(files)
    expect(page.get_by_text("20 of 20 files")).to_be_visible()
    # The line below is updated live by server-sent events until the last image is accounted for.
    expect(page.locator("#live")).to_contain_text("Completed ", timeout=TIMEOUT)
    counts = served.deployment.batches.counts("una", "first")
    assert (counts.accounted, counts.ready >= 10, counts.failed >= 3) == (20, True, True)

    page.get_by_role("link", name="To the batch").click()
    expect(page.get_by_role("heading", name="first", exact=True)).to_be_visible()
    with page.expect_download() as manifest:
        page.get_by_role("link", name="Manifest").click()
    assert len(Path(manifest.value.path()).read_text().splitlines()) == 20

    page.get_by_role("link", name="Images", exact=True).click()
    expect(page.locator(".tile")).to_have_count(20)
    page.get_by_label("Status").select_option("ready")
    page.wait_for_url("**/?*status=ready*")
    expect(page.locator(".tile")).to_have_count(counts.ready)

    page.locator(".tile", has_text="progressive").click()
    expect(page.get_by_role("rowheader", name="thumb")).to_be_visible()
    _compare(page)
    _share(page)

    page.get_by_label("Recipe").select_option("catalog")
    page.get_by_role("button", name="Process again").click()
    # Another recipe deletes the present variants, so the page asks first.
    page.get_by_role("dialog").get_by_role("button", name="Process again").click()
    expect(page.get_by_role("rowheader", name="product")).to_be_visible(timeout=TIMEOUT)
    # A picture that is still loading would answer 404 after the deletion.
    missing = "[...document.images].filter(one => !one.complete || !one.naturalWidth).map(one => one.src)"
    eventually(lambda: not page.evaluate(missing), lambda: f"not drawn: {page.evaluate(missing)}")

    its_id = page.url.rpartition("/")[2]
    page.get_by_role("button", name="Delete image…").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url(f"{visitor.url}/")
    expect(page.locator(".tile")).to_have_count(19)

    def removed() -> bool:
        image = served.deployment.images.get(its_id)
        return image is not None and image.status is Status.DELETED and not image.superseded

    eventually(removed)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto(f"{visitor.url}/images/{its_id}")
    expect(page.get_by_label("Password")).to_be_visible()
    assert visitor.complaints == []


def _compare(page: Page) -> None:
    """Keys move the slider, the overlaid image is drawn, and two pictures are compared with a score."""
    laid_over = page.locator(".before")
    before = laid_over.evaluate("one => getComputedStyle(one).clipPath")
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    assert laid_over.evaluate("one => getComputedStyle(one).clipPath") != before
    page.wait_for_function("one => one.naturalWidth > 0", arg=laid_over.element_handle())
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("figure.compare figcaption")).to_contain_text("of 1 like the original (SSIM)")


def _share(page: Page) -> None:
    """A link is made, and the original is downloaded under its own name."""
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("#links input").input_value()
    assert page.request.get(link).status == 200
    with page.expect_download() as original:
        page.get_by_role("row", name="original").get_by_role("link").click()
    assert original.value.suggested_filename == "progressive.jpg"
