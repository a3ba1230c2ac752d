"""Journeys in a real browser without a worker: many images at once, a lost connection, two browsers.

With SCREENSHOTS=FOLDER screenshots of the states are kept there, at three widths, in light and dark.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pixelfleet.domain.records import Batch, Status
from pixelfleet.domain.users import Role
from pixelfleet.errors import Cause
from tests.e2e.dashboard.conftest import Visitor, keep, no_motion, visit
from tests.e2e.dashboard.light import PASSWORD, Light

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WIDTHS = (390, 820, 1440)


def test_many_images_are_selected_tagged_searched_and_deleted(ana: Visitor, light: Light) -> None:
    light.deployment.batches.create("ana", "many")
    images = [light.put("ana", "many", number) for number in range(8)]
    page = ana.page
    ana.open("/?batch=many")
    boxes = page.locator(".pick input")
    page.locator(".tile").nth(1).hover()
    boxes.nth(1).check()
    page.locator(".tile").nth(4).hover()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("#selected")).to_have_text("4 selected")
    # A target that the top bar half covers fails the rule on target size.
    page.evaluate("() => scrollTo({top: 0, behavior: 'instant'})")
    assert ana.accessible() == []
    page.locator(".menu > summary", has_text="Download").click()
    with page.expect_download() as manifest:
        page.get_by_role("button", name="Download manifest").click()
    rows = Path(manifest.value.path()).read_text().splitlines()
    assert (manifest.value.suggested_filename, len(rows)) == ("pixelfleet.csv", 1 + 4 * 3)
    page.locator(".menu > summary", has_text="Tag").click()
    assert ana.accessible() == []
    page.get_by_label("Tags").fill("Beach, summer")
    # The key does what the button beside the field does.
    page.keyboard.press("Enter")
    page.wait_for_url("**/background-tasks/*")
    expect(page.get_by_text("done: 4 images")).to_be_visible()

    ana.open("/?batch=many&tag=beach")
    expect(page.locator(".tile")).to_have_count(4)
    page.locator(".tile").first.hover()
    boxes.first.check()
    page.get_by_role("button", name="Select all that match").click()
    expect(page.locator("#selected")).to_have_text("All that match are selected")
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete all images that match?")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("done: 4 images")).to_be_visible()
    left = light.deployment.images.get_many(image.image_id for image in images).values()
    assert sorted(image.status for image in left) == [Status.DELETED] * 4 + [Status.READY] * 4
    # They are restored from the list of deleted images.
    page.get_by_role("link", name="deleted images").click()
    expect(page.locator(".tile")).to_have_count(4)
    page.get_by_role("button", name="Select", exact=True).click()
    page.locator(".tile a").first.click()
    page.get_by_role("button", name="Restore", exact=True).click()
    page.wait_for_url("**/background-tasks/*")
    # Deleted images are gone and the others remain. A chip removes the filter.
    ana.open("/?batch=many&tag=beach")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_label("Remove the filter tag beach").click()
    expect(page.locator(".tile")).to_have_count(4)
    assert ana.complaints == []


def test_all_images_of_a_group_of_duplicates_but_the_oldest_are_deleted_together(ana: Visitor, light: Light) -> None:
    images = [light.put("ana", "twice", number, sha256="c" * 64) for number in range(3)]
    page = ana.page
    ana.open("/duplicates?batch=twice")
    expect(page.locator(".tile")).to_have_count(3)
    page.get_by_role("button", name="Select the others").click()
    expect(page.locator("#selected")).to_have_text("2 selected")
    assert ana.accessible() == []
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("done: 2 images")).to_be_visible()
    left = light.deployment.images.get_many(image.image_id for image in images)
    assert [left[image.image_id].status for image in images] == [Status.READY, Status.DELETED, Status.DELETED]
    assert ana.complaints == []


def test_a_page_follows_again_after_thirty_seconds_without_a_network(ana: Visitor, light: Light) -> None:
    image = light.put("ana", "line", 1, status=Status.PROCESSING, variants=(), drawn=False)
    page = ana.page
    page.clock.install()
    page.goto(f"{light.url}/images/{image.image_id}")
    expect(page.get_by_text("A worker is on it")).to_be_visible()
    page.context.set_offline(True)
    # Thirty seconds on the page's clock. Every attempt in this time fails.
    for _ in range(30):
        page.clock.run_for(1_000)
    light.put("ana", "line", 1, version=5)
    page.context.set_offline(False)
    page.clock.run_for(1_000)
    expect(page.get_by_role("rowheader", name="enhanced")).to_be_visible()
    assert [one for one in ana.complaints if "ERR_INTERNET_DISCONNECTED" not in one] == []


def test_an_ended_session_keeps_what_was_typed_and_signing_in_leads_back(ana: Visitor, light: Light) -> None:
    page = ana.page
    ana.open("/account")
    page.get_by_label("What the token is for").fill("camera import")
    page.context.clear_cookies()
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("what you typed is kept")).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    Visitor(opened.value, light.url).sign_in("ana")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("shown only now")).to_be_visible()
    expect(page.get_by_role("row", name="camera import")).to_be_visible()
    # A page that was asked for without a session comes after the sign-in form.
    page.context.clear_cookies()
    place = f"{light.url}/?batch=many&status=ready&order=-name"
    page.goto(place)
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(place)
    # Without a network, a form stays, too.
    ana.open("/account")
    page.get_by_label("What the token is for").fill("scanner")
    page.context.set_offline(True)
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("The dashboard does not answer. Nothing was sent")).to_be_visible()
    expect(page.get_by_label("What the token is for")).to_have_value("scanner")
    page.context.set_offline(False)
    assert [one for one in ana.complaints if "ERR_INTERNET_DISCONNECTED" not in one] == []


def test_two_browsers_of_one_person_see_what_the_other_did(
    ana: Visitor, chromium: Browser, contexts: list[BrowserContext], light: Light
) -> None:
    image = light.put("ana", "two", 1)
    other = visit(chromium, contexts, light.url)
    other.sign_in("ana")
    for one in (ana, other):
        one.open(f"/images/{image.image_id}")
    ana.page.get_by_role("button", name="Delete image…").click()
    ana.page.get_by_role("button", name="Delete", exact=True).click()
    expect(ana.page.get_by_text("is deleted.")).to_be_visible()
    # The other page is stale. Its request gets an answer in words, with a link to the images.
    other.page.get_by_role("button", name="Process again").click()
    expect(other.page.get_by_text("is deleted")).to_be_visible()
    other.page.get_by_role("link", name="To the images").click()
    expect(other.page.get_by_role("heading", name="Images", exact=True)).to_be_visible()
    ana.page.get_by_role("button", name="Sign out").click()
    ana.page.wait_for_url("**/sign-in")
    other.page.reload()
    expect(other.page.get_by_role("heading", name="Images", exact=True)).to_be_visible()


def test_a_slow_line_shows_placeholders_that_nothing_pushes_aside(ana: Visitor, light: Light) -> None:
    # Some rows come while others are shown already.
    for number in range(30):
        light.put("ana", "slow", number)
    page = ana.page
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 300, "downloadThroughput": 60_000, "uploadThroughput": 30_000}
    line.send("Network.emulateNetworkConditions", slow)
    page.add_init_script(
        """window.moved = 0; window.shifts = [];
        const box = ({x, y, width, height}) => [x, y, width, height].map(Math.round).join(' ');
        const shift = ({node, previousRect, currentRect}) =>
          `${node?.nodeName ?? 'pseudo'} ${node?.className ?? ''}: ${box(previousRect)} to ${box(currentRect)}`;
        const add = list => {
          for (const one of list.getEntries()) {
            window.moved += one.value;
            window.shifts.push(`${one.value.toFixed(4)} at ${Math.round(one.startTime)} ms`, ...one.sources.map(shift));
          }
        };
        new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});"""
    )
    page.goto(f"{light.url}/?batch=slow")
    expect(page.locator(".tile")).to_have_count(30)
    no_motion(page)
    assert page.evaluate("() => window.moved") < 0.01, "\n".join(page.evaluate("() => window.shifts"))
    # Rows that are still to come are hidden only while they come.
    expect(page.locator(".tile").last).to_be_visible()
    page.locator(".tile a").first.click()
    expect(page.get_by_role("slider")).to_be_visible()
    assert ana.complaints == []


def test_five_thousand_images_are_scrolled_searched_and_walked_through(ana: Visitor, light: Light) -> None:
    light.deployment.batches.create("ana", "five-thousand")
    for number in range(5_000):
        light.put("ana", "five-thousand", number, drawn=False, tags=("last",) if number == 4_999 else ())
    page = ana.page
    ana.open("/?batch=five-thousand")
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(60)
    for count in (120, 180):
        page.locator(".more").scroll_into_view_if_needed()
        expect(tiles).to_have_count(count)
    tiles.nth(170).locator("a").click()
    expect(page.get_by_text("171 of 180")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("172 of 180")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    page.get_by_role("searchbox", name="Name").fill("img_4999")
    page.keyboard.press("Enter")
    expect(tiles).to_have_count(1)
    # A search without an index reads a thousand images at a time, and the list says so.
    ana.open("/?batch=five-thousand&tag=last")
    while tiles.count() == 0:
        page.get_by_role("button", name="keep looking").click()
        page.wait_for_load_state("networkidle")
    expect(tiles).to_have_count(1)
    assert ana.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_new_state_is_accessible_and_fits(
    chromium: Browser, contexts: list[BrowserContext], light: Light, scheme: Any
) -> None:
    _stock(light)
    visitor = visit(chromium, contexts, light.url, color_scheme=scheme)
    visitor.sign_in("olga")
    wrong = {}
    # One width for each scheme, for speed: colours depend on the scheme, overflow depends on the width.
    checked = 390 if scheme == "dark" else 820
    for width in WIDTHS if os.environ.get("SCREENSHOTS") else (checked,):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        for name, show in STATES.items():
            show(visitor, light)
            no_motion(visitor.page)
            keep(visitor, f"new-{name}-{width}-{scheme}")
            wide = visitor.page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if wide > 0:
                wrong[f"{name} at {width} scrolls sideways"] = [str(wide)]
            if hidden := visitor.off_screen():
                wrong[f"{name} at {width} has controls off the screen"] = hidden
            if width == checked and (actual := visitor.accessible()):
                wrong[f"{name} at {width}"] = actual
    assert wrong == {}
    assert visitor.complaints == []


def _stock(light: Light) -> None:
    deployment = light.deployment
    if deployment.batches.get("olga", "states") is not None:
        return
    deployment.batches.create("olga", "states")
    shot: dict[str, Any] = {
        "exif": {"camera": "Canon EOS R6", "taken_at": "2026-07-01T11:20:00+02:00"},
        "dominant_colour": "#2040c0",
    }
    for number in range(6):
        light.put("olga", "states", number, sha256=f"{number // 2:064}", tags=("beach",), **shot)
    for number in range(6, 9):
        failed: dict[str, Any] = {
            "status": Status.FAILED,
            "cause": Cause.CRASHED,
            "message": "its worker died",
            "variants": (),
        }
        light.put("olga", "states", number, drawn=False, **failed)
    assert isinstance(deployment.batches.get("olga", "states"), Batch)


def _gallery(visitor: Visitor, _: Light) -> None:
    visitor.open("/?tag=beach&camera=canon&colour=blue")
    _open(visitor.page, "summary:text-is('Filter')")
    expect(visitor.page.get_by_role("link", name="November 2026")).to_be_visible()
    visitor.page.locator(".tile").first.hover()
    visitor.page.locator(".pick input").first.check()
    # A target that the top bar half covers fails the rule on target size.
    visitor.page.evaluate("() => scrollTo({top: 0, behavior: 'instant'})")


def _image(visitor: Visitor, light: Light) -> None:
    image = light.put("olga", "states", 1, sha256=f"{0:064}", tags=("beach", "summer 2026"))
    visitor.open(f"/images/{image.image_id}")
    page = visitor.page
    page.locator("#compare-choice select[name=left]").select_option(label="thumb, 500 B")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("slider", name="Compare thumb with enhanced")).to_be_visible()
    expect(page.locator("#histogram path")).to_have_count(3)
    page.get_by_role("button", name="Look for duplicates").click()
    expect(page.get_by_text("among the 1,000 images")).to_be_visible()


def _failures(visitor: Visitor, _: Light) -> None:
    visitor.open("/failures")
    visitor.page.get_by_role("button", name="What would it take?").click()
    expect(visitor.page.get_by_text("3 images would be sent again")).to_be_visible()


def _batch(visitor: Visitor, _: Light) -> None:
    visitor.open("/batches/olga/states")
    visitor.page.get_by_role("heading", name="The whole batch").scroll_into_view_if_needed()


def _users(visitor: Visitor, light: Light) -> None:
    if light.deployment.users.get("a-rather-long-name") is None:
        light.deployment.users.add("a-rather-long-name", "none", Role.USER, "a-rather-long-name@museum.example.com")
    visitor.open("/users")


STATES = {"gallery": _gallery, "image": _image, "failures": _failures, "batch": _batch, "users": _users}


def _open(page: Page, summary: str) -> None:
    """Open a folded section, unless it is open."""
    place = page.locator(summary).first
    if place.is_visible() and not place.evaluate("one => one.parentElement.open"):
        place.click()
