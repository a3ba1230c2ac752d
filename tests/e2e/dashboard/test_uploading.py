"""The upload page in a real browser: refusals, a broken line, a dropped folder, an image of gigapixels."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser, BrowserContext, expect

from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Status
from tests.e2e.dashboard.conftest import TIMEOUT, Served, Visitor, keep, visit
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_an_upload_that_is_refused_says_why_and_a_broken_line_is_tried_again(visitor: Visitor, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "film.mp4").write_bytes(b"film")
    Picture.new("RGB", (40, 30)).save(tmp_path / "good.png")
    page = visitor.page
    visitor.sign_in("ana")
    visitor.open("/upload")
    broken: list[str] = []

    def break_once(route: Any) -> None:
        if broken:
            route.continue_()
        else:
            broken.append(route.request.url)
            route.abort()

    page.route("**/*-uploads", break_once)
    page.locator("#files").set_input_files([str(path) for path in sorted(tmp_path.iterdir())])
    expect(page.get_by_text("Not uploaded: it is empty.")).to_be_visible()
    expect(page.get_by_text("Not uploaded: it is video/mp4, not an image.")).to_be_visible()
    expect(page.get_by_text("1 of 3 files")).to_be_visible()
    assert len(broken) == 1
    expect(page.locator("#live")).to_contain_text("Completed ")

    # After a lost connection, the page also follows another upload.
    page.context.set_offline(True)
    page.context.set_offline(False)
    Picture.new("RGB", (40, 30), "red").save(tmp_path / "second.png")
    page.locator("#files").set_input_files(str(tmp_path / "second.png"))
    expect(page.locator("#live .figures")).to_contain_text(re.compile(r"expected\s*2"))
    expect(page.locator("#live .figures")).to_contain_text(re.compile(r"ready\s*2"))
    assert [one for one in visitor.complaints if "ERR_FAILED" not in one and "ERR_INTERNET" not in one] == []

    # A waiting tile shows its result without a reload.
    page.get_by_role("link", name="To the batch").click()
    page.locator("#live .tile").first.click()
    page.wait_for_url("**/images/*")
    page.get_by_role("button", name="Process again").click()
    page.get_by_role("link", name="Images", exact=True).click()
    expect(page.locator(".tile[data-follow]")).to_have_count(0)


def test_chosen_files_outlive_the_session(visitor: Visitor, tmp_path: Path) -> None:
    Picture.new("RGB", (40, 30)).save(tmp_path / "good.png")
    page = visitor.page
    visitor.sign_in("ana")
    visitor.open("/upload")
    page.get_by_label("Batch").fill("outlived")
    page.context.clear_cookies()
    page.locator("#files").set_input_files(str(tmp_path / "good.png"))
    expect(page.locator("#total-text")).to_contain_text("Your session has ended")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    Visitor(opened.value, visitor.url).sign_in("ana")
    opened.value.close()
    page.bring_to_front()
    # Playwright keeps every page focused, so that a change of the tab fires no event.
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    expect(page.locator("#live")).to_contain_text("Completed ")
    assert [one for one in visitor.complaints if "401" not in one] == []


def test_after_a_reload_only_the_missing_file_is_uploaded(visitor: Visitor, served: Served, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Picture.new("RGB", (40, 30), "red" if name == "a.png" else "blue").save(tmp_path / name)
    page = visitor.page
    visitor.sign_in("ana")
    visitor.open("/upload")
    page.get_by_label("Batch").fill("reloaded")
    passed: list[str] = []

    def pass_one(route: Any) -> None:
        if passed:
            route.abort()
        else:
            passed.append(route.request.url)
            route.continue_()

    page.route("**/*-uploads", pass_one)
    page.locator("#files").set_input_files([str(tmp_path / "a.png"), str(tmp_path / "b.png")])
    expect(page.locator("#total-text")).to_contain_text("1 of 2 files")
    expect(page.get_by_text("It is tried again in")).to_be_visible()
    # The browser keeps the progress within a second.
    kept = """async (module) => {
      const { Memory } = await import(module);
      return Object.keys((await new Memory("ana").unfinished())?.sent ?? {}).length === 1;
    }"""
    script = page.locator("script[src*='upload.js']").get_attribute("src") or ""
    eventually(lambda: page.evaluate(kept, script.replace("upload.js", "upload-memory.js")))
    page.unroute_all()
    page.reload()
    expect(page.get_by_text("The upload of reloaded was interrupted after 1 file.")).to_be_visible()
    page.locator("#files").set_input_files([str(tmp_path / "a.png"), str(tmp_path / "b.png")])
    expect(page.get_by_text("1 file was uploaded before")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("Completed ")
    assert served.deployment.batches.counts("ana", "reloaded").ready == 2
    assert [one for one in visitor.complaints if "ERR_FAILED" not in one] == []


def test_two_browsers_fill_one_batch_and_its_page_closes_it(
    visitor: Visitor, chromium: Browser, contexts: list[BrowserContext], served: Served, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png", "c.png"):
        Picture.new("RGB", (40, 30), "red" if name == "a.png" else "blue").save(tmp_path / name)
    page = visitor.page
    visitor.sign_in("ana")
    visitor.open("/upload")
    page.get_by_label("Batch").fill("both")
    # The upload of this browser breaks off after one of two files, and never comes back.
    page.route(
        "**/*-uploads", lambda route: route.abort() if b"b.png" in route.request.post_data_buffer else route.continue_()
    )
    page.locator("#files").set_input_files([str(tmp_path / "a.png"), str(tmp_path / "b.png")])
    expect(page.get_by_text("It is tried again in")).to_be_visible()
    expect(page.locator("#total-text")).to_contain_text("1 of 2 files")

    other = visit(chromium, contexts, visitor.url)
    other.sign_in("ana")
    other.open("/batches/ana/both")
    other.page.get_by_role("button", name="Close the batch").click()
    other.page.get_by_role("dialog").get_by_role("button", name="Close the batch").click()
    expect(other.page.locator("#live")).to_contain_text("Completed ")
    other.page.get_by_role("link", name="Add images").click()
    other.page.locator("#files").set_input_files(str(tmp_path / "c.png"))
    expect(other.page.locator("#live .figures")).to_contain_text(re.compile(r"expected\s*2"))
    expect(other.page.locator("#live .figures")).to_contain_text(re.compile(r"ready\s*2"))
    # The page of the first browser follows what the other browser did.
    expect(page.locator("#live .figures")).to_contain_text(re.compile(r"ready\s*2"))
    assert served.deployment.batches.counts("ana", "both").ready == 2
    assert other.complaints == []


def test_a_folder_that_is_dropped_keeps_its_paths(visitor: Visitor, served: Served) -> None:
    page = visitor.page
    visitor.sign_in("ana")
    visitor.open("/upload")
    page.get_by_label("Batch").fill("dropped")
    buffer = BytesIO()
    Picture.new("RGB", (60, 40), (10, 120, 90)).save(buffer, "PNG")
    # A DataTransfer made by a script has files but no folders. The test provides the entries as a browser would.
    page.evaluate(
        """bytes => {
          const file = new File([new Uint8Array(bytes)], "in.png", {type: "image/png"});
          const leaf = {isFile: true, name: "in.png", file: (done) => done(file)};
          let read = false;
          const folder = {isFile: false, name: "shoot", createReader: () => ({
            readEntries: (done) => { done(read ? [] : [leaf]); read = true; }})};
          const event = new Event("drop", {bubbles: true, cancelable: true});
          event.dataTransfer = {items: [{webkitGetAsEntry: () => folder}]};
          document.getElementById("drop").dispatchEvent(event);
        }""",
        list(buffer.getvalue()),
    )
    expect(page.get_by_text("1 of 1 file,")).to_be_visible()
    its_id = image_id(served.deployment.settings.uploads_bucket, "uploads/ana/dropped/shoot/in.png")
    expect(page.locator("#live")).to_contain_text("Completed ", timeout=TIMEOUT)
    image = served.deployment.images.get(its_id)
    assert image is not None
    assert image.status is Status.READY
    assert visitor.complaints == []


def test_a_huge_image_opens_in_the_zoom_viewer(visitor: Visitor, served: Served, tmp_path: Path) -> None:
    scan = tmp_path / "scan.png"
    Picture.radial_gradient("L").resize((1500, 1200)).convert("RGB").save(scan)
    page = visitor.page
    visitor.sign_in("ana")
    # With reduced motion, the viewer shows the final state at once.
    page.emulate_media(reduced_motion="reduce")
    visitor.open("/upload")
    page.get_by_label("Batch").fill("zoom")
    page.get_by_label("Recipe").select_option("zoom")
    page.locator("#files").set_input_files(str(scan))
    expect(page.locator("#live")).to_contain_text("Completed ", timeout=TIMEOUT)
    page.locator("#live .tile").first.click()
    expect(page.locator("#zoom[data-ready]")).to_be_visible()
    for name in ("Zoom in", "Zoom out", "Fit"):
        page.get_by_role("button", name=name, exact=True).click()
    drawn = "() => { const one = document.querySelector('#zoom canvas'); return one && one.width > 300; }"
    page.wait_for_function(drawn)
    keep(visitor, "zoom-desktop-light")
    assert visitor.accessible() == []
    assert visitor.complaints == []
