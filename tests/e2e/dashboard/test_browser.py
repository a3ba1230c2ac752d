"""A real browser on the whole dashboard: people's tasks, on a phone and a desktop, in light and dark.

With SCREENSHOTS=FOLDER the screenshots are kept in that folder, for docs/images and for inspection.
"""

import os
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause
from pixelfleet.images.thumbhash import thumbhash
from tests.e2e.dashboard.conftest import RULES, TIMEOUT, Served, Visitor, no_motion, visit
from tests.fakes.records import record
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True},
}
#: The rules of axe that are checked in each colour scheme. The other rules look at nothing that a scheme changes.
SCHEMES: dict[str, list[str]] = {"light": RULES, "dark": ["color-contrast", "link-in-text-block"]}
PAGES = (
    "/", "/upload", "/batches", "/recipes", "/recipes/web", "/recipes/web/edit", "/routes?key=a.jpg",
    "/fleet", "/failures", "/users", "/activity", "/account", "/docs",
)  # fmt: skip


@pytest.fixture(scope="module")
def files(samples: Path) -> list[str]:
    """Twenty samples that the upload page accepts. Some of them are broken."""
    actual = sorted(path for path in samples.rglob("*") if path.is_file() and path.stat().st_size)
    return [str(path) for path in actual if path.suffix != ".mp4"][:20]


def test_a_person_uploads_looks_compares_and_deletes(visitor: Visitor, files: list[str], served: Served) -> None:
    page = visitor.page
    visitor.sign_in("ana")
    expect(page.get_by_role("heading", name="No images yet")).to_be_visible()
    page.get_by_role("link", name="Upload", exact=True).first.click()
    # Files that are chosen before the page's script runs are not seen.
    page.wait_for_load_state("networkidle")
    page.get_by_label("Batch").fill("first")
    page.locator("#files").set_input_files(files)
    expect(page.get_by_text("20 of 20 files")).to_be_visible()
    # The line below is updated live by server-sent events until the last image is accounted for.
    expect(page.locator("#live")).to_contain_text("Complete since", timeout=TIMEOUT)
    counts = served.deployment.batches.counts("ana", "first")
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
    expect(page.locator("#live")).to_contain_text("Complete since")

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
    expect(page.locator("#live")).to_contain_text("Complete since", timeout=TIMEOUT)
    image = served.deployment.images.get(its_id)
    assert image is not None
    assert image.status is Status.READY
    assert visitor.complaints == []


def test_an_operator_sees_failures_and_sends_them_again(visitor: Visitor, served: Served) -> None:
    failed = record(served.deployment, "ana", "crashed", "lost.png", cause=Cause.CRASHED, message="its worker died")
    buffer = BytesIO()
    Picture.new("RGB", (60, 40), (90, 20, 90)).save(buffer, "PNG")
    put = served.deployment.s3.put_object(Bucket=failed.bucket, Key="elsewhere.png", Body=buffer.getvalue())
    assert put["ETag"]
    page = visitor.page
    visitor.sign_in("olga")
    visitor.open("/failures")
    card = page.locator(".failure", has_text="crashed").first
    expect(card).to_contain_text("lost.png")
    card.get_by_role("button", name="Send again").click()
    # The page asks for confirmation first, with the number of images.
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    page.wait_for_url("**/background-tasks/*")
    expect(page.get_by_text("sent again").or_(page.get_by_text("canaries failed again"))).to_be_visible(timeout=TIMEOUT)
    visitor.open("/activity")
    expect(page.get_by_role("link", name="redrive").first).to_be_visible()
    visitor.open("/fleet")
    expect(page.get_by_role("heading", name="bulk lane")).to_be_visible()
    visitor.open("/users")
    page.get_by_label("Name", exact=True).fill("newcomer")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("newcomer is added")).to_be_visible()
    page.reload()
    expect(page.get_by_text("newcomer is added")).to_be_hidden()
    page.get_by_role("button", name="Disable newcomer").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("row", name="newcomer")).to_contain_text("disabled")
    visitor.open("/failures")
    page.get_by_label("Type “purge” to confirm").fill("purge")
    page.get_by_role("button", name="Purge", exact=True).click()
    expect(page.get_by_text("dead letters deleted")).to_be_visible(timeout=TIMEOUT)
    assert visitor.complaints == []


def test_a_recipe_is_checked_while_it_is_typed_tried_on_a_file_and_stored(visitor: Visitor, tmp_path: Path) -> None:
    Picture.radial_gradient("L").resize((640, 480)).convert("RGB").save(tmp_path / "lamp.png")
    page = visitor.page
    visitor.sign_in("olga")
    visitor.open("/recipes/web/edit")
    expect(page.locator("#verdict-text")).to_contain_text("Right: my-web makes thumb")
    page.locator("#text").fill('name = "cards"\n[[variants]]\nname = "card"\nbox = [200]\n')
    page.get_by_role("button", name="Line 4: variants.box").click()
    selected = (
        "() => { const f = document.getElementById('text'); return f.value.slice(f.selectionStart, f.selectionEnd); }"
    )
    assert page.evaluate(selected) == "box = [200]"
    page.locator("#text").fill('name = "cards"\n[[variants]]\nname = "thumb"\nbox = [200, 200]\n')
    expect(page.locator("#verdict-text")).to_contain_text("Right: cards makes thumb")
    page.locator("[name=sample]").set_input_files(tmp_path / "lamp.png")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#trial-said")).to_contain_text(re.compile("png, 640 . 480"), timeout=TIMEOUT)
    # The two thumbs stand side by side, then what the text dropped of the recipe that it was begun with.
    expect(page.locator("#trial canvas").nth(1)).to_have_attribute("aria-label", re.compile("thumb by this text"))
    assert page.locator("#trial canvas").nth(1).evaluate("one => [one.width, one.height]") == [200, 150]
    assert visitor.accessible() == []
    page.get_by_role("button", name="Store").click()
    page.wait_for_url("**/recipes/cards")
    expect(page.get_by_text("Version 1 of cards is stored.")).to_be_visible()
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
    expect(page.locator("#live")).to_contain_text("Complete since", timeout=TIMEOUT)
    page.locator("#live .tile").first.click()
    expect(page.locator("#zoom[data-ready]")).to_be_visible()
    for name in ("Zoom in", "Zoom out", "Fit"):
        page.get_by_role("button", name=name, exact=True).click()
    drawn = "() => { const one = document.querySelector('#zoom canvas'); return one && one.width > 300; }"
    page.wait_for_function(drawn)
    keep(visitor, "zoom-desktop-light")
    assert visitor.accessible() == []
    assert visitor.complaints == []


@pytest.mark.parametrize("device", DEVICES)
def test_every_page_is_accessible_and_fits_in_light_and_dark(
    chromium: Browser, contexts: list[BrowserContext], served: Served, device: str, files: list[str]
) -> None:
    _stock(served, files)
    visitor = visit(chromium, contexts, served.url, **DEVICES[device])
    page = visitor.page
    page.goto(f"{served.url}/sign-in")
    wrong = _barriers(visitor, "sign-in", device)
    page.emulate_media(color_scheme="light")
    visitor.sign_in("olga")
    for path in (*PAGES, "/?name=nothing-is-called-so", "/batches/olga/stock", _an_image(served)):
        visitor.open(path)
        wrong |= _barriers(visitor, _label(path), device)
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            wrong[f"{path} scrolls sideways"] = [str(wide)]
    assert wrong == {}
    assert visitor.complaints == []


def test_nothing_moves_while_thumbs_load(visitor: Visitor, served: Served, files: list[str]) -> None:
    _stock(served, files)
    page = visitor.page
    visitor.sign_in("olga")
    page.add_init_script(
        """window.moved = 0;
        const add = list => { for (const one of list.getEntries()) window.moved += one.value; };
        new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});"""
    )
    visitor.open("/")
    no_motion(page)
    assert page.evaluate("() => window.moved") < 0.01


def test_a_placeholder_is_drawn_in_the_images_own_colours(visitor: Visitor) -> None:
    side, left, right = 32, (200, 40, 30, 255), (20, 90, 180, 255)
    pixels = [left if column < side // 2 else right for _ in range(side) for column in range(side)]
    page = visitor.page
    page.goto(f"{visitor.url}/sign-in")
    drawn = page.evaluate(
        """async hash => {
          const script = document.querySelector("script[type=module]").src;
          const { draw } = await import(script.replace("app.js", "thumbhash.js"));
          const canvas = Object.assign(document.createElement("canvas"), {width: 32, height: 32});
          draw(canvas, hash);
          const at = (x, y) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data];
          return [at(4, 16), at(27, 16)];
        }""",
        thumbhash(pixels, side, (side, side)),
    )
    for actual, requested in zip(drawn, (left, right), strict=True):
        assert all(abs(a - b) < 45 for a, b in zip(actual, requested, strict=True)), (actual, requested)


def test_the_whole_way_is_open_to_a_keyboard(visitor: Visitor, served: Served, files: list[str]) -> None:
    _stock(served, files)
    page = visitor.page
    page.goto(f"{served.url}/sign-in")
    page.keyboard.type("olga")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/")
    expect(page.locator(".tile").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator(".tile a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/images/*")
    page.get_by_role("button", name="Delete image…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_policy_stops_a_script_that_got_into_the_page(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("ana")
    page.evaluate(
        """() => new Promise((refused) => {
          let left = 2;
          addEventListener('securitypolicyviolation', () => --left || refused());
          const one = document.createElement('script');
          one.textContent = 'window.owned = 1';
          const two = document.createElement('img');
          two.setAttribute('onerror', 'window.owned = 2');
          two.src = '/none';
          document.body.append(one, two);
        })"""
    )
    assert page.evaluate("() => window.owned === undefined")
    assert any("Content Security Policy" in one for one in visitor.complaints)


def _barriers(visitor: Visitor, label: str, device: str) -> dict[str, list[str]]:
    """The violations on the open page in each colour scheme."""
    wrong = {}
    for scheme, rules in SCHEMES.items():
        visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        no_motion(visitor.page)
        keep(visitor, f"{label}-{device}-{scheme}")
        if actual := visitor.accessible(rules):
            wrong[f"{label} in {scheme}"] = actual
    return wrong


def _compare(page: Page) -> None:
    """Keys move the slider, and the overlaid image is drawn."""
    laid_over = page.locator(".before")
    before = laid_over.evaluate("one => getComputedStyle(one).clipPath")
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    assert laid_over.evaluate("one => getComputedStyle(one).clipPath") != before
    page.wait_for_function("one => one.naturalWidth > 0", arg=laid_over.element_handle())


def _share(page: Page) -> None:
    """A link is made, and the original is downloaded under its own name."""
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("#links input").input_value()
    assert page.request.get(link).status == 200
    with page.expect_download() as original:
        page.get_by_role("row", name="original").get_by_role("link").click()
    assert original.value.suggested_filename == "progressive.jpg"


def keep(visitor: Visitor, name: str) -> None:
    """Save a screenshot of the page, if SCREENSHOTS is set."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        visitor.page.screenshot(path=Path(folder) / f"{name}.png")


def _stock(served: Served, files: list[str]) -> None:
    """Upload the operator's own batch, with its failures, once."""
    deployment = served.deployment
    if deployment.batches.get("olga", "stock") is not None:
        return
    keys = [f"uploads/olga/stock/{Path(file).name}" for file in files]
    deployment.batches.create("olga", "stock")
    for file, key in zip(files, keys, strict=True):
        deployment.s3.upload_file(file, deployment.settings.uploads_bucket, key)
    deployment.batches.seal("olga", "stock", [image_id(deployment.settings.uploads_bucket, key) for key in keys])
    eventually(lambda: deployment.batches.counts("olga", "stock").accounted == len(keys))


def _an_image(served: Served) -> str:
    bucket = served.deployment.settings.uploads_bucket
    return f"/images/{image_id(bucket, 'uploads/olga/stock/progressive.jpg')}"


def _label(path: str) -> str:
    if path.startswith("/images/"):
        return "image"
    return {"/": "gallery", "/?name=nothing-is-called-so": "nothing", "/batches/olga/stock": "batch"}.get(
        path, path[1:]
    )
