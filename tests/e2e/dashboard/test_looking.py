"""Looking through images in a real browser without a worker: the rail of months, a phone's touches, keys, charts."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pixelfleet.catalog.activity import Sample
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Status, timestamp
from tests.e2e.dashboard.conftest import Visitor, visit
from tests.e2e.dashboard.light import Light

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def years(light: Light) -> Light:
    """Images of ana in five months of two years."""
    for number, (year, month) in enumerate([(2025, 3), (2025, 12), (2026, 1), (2026, 5), (2026, 6)]):
        at = timestamp(datetime(year, month, 10, 12, tzinfo=UTC))
        light.put("ana", "years", number, uploaded_at=at, bytes=9_000 - number)
    return light


def test_the_rail_leads_to_a_month_by_mouse_and_keys_and_back_returns(ana: Visitor, years: Light) -> None:
    page = ana.page
    ana.open("/")
    rail = page.get_by_role("navigation", name="Months")
    expect(rail.get_by_role("link")).to_have_count(5)
    # The month in view is marked.
    expect(rail.get_by_role("link", name="June 2026")).to_have_attribute("aria-current", "true")
    rail.get_by_role("link", name="June 2026").focus()
    page.keyboard.press("End")
    expect(rail.get_by_role("link", name="March 2025")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?until=2025-12-31")
    expect(page.locator(".tile")).to_have_count(2)
    # The list goes on from there; the rail stays whole, and the chip leads back to all.
    expect(rail.get_by_role("link", name="December 2025")).to_have_attribute("aria-current", "true")
    page.get_by_label("Remove the filter to").click()
    expect(page.locator(".tile")).to_have_count(5)
    page.go_back()
    expect(page.locator(".tile")).to_have_count(2)
    # In order of size there are no months to jump to.
    page.get_by_label("Order").select_option(label="Smallest first")
    page.wait_for_url("**order=size*")
    expect(rail).to_have_count(0)
    assert ana.accessible() == []
    assert ana.complaints == []


def swipe(page: Page, start: tuple[float, float], across: float) -> None:
    """A finger goes `across` pixels to the right; to the left, if they are negative."""
    session = page.context.new_cdp_session(page)
    for step in range(5):
        point = {"x": start[0] + across * step / 4, "y": start[1]}
        session.send(
            "Input.dispatchTouchEvent", {"type": "touchMove" if step else "touchStart", "touchPoints": [point]}
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_phone_swipes_through_images_and_moves_the_slider_by_its_handle(
    chromium: Browser, contexts: list[BrowserContext], years: Light
) -> None:
    visitor = visit(chromium, contexts, years.url, **PHONE)
    visitor.sign_in("ana")
    page = visitor.page
    page.get_by_role("navigation", name="Months").get_by_role("link", name="January 2026").tap()
    page.wait_for_url("**/?until=2026-01-31")
    page.locator(".tile a").first.tap()
    expect(page.get_by_text("1 of 3")).to_be_visible()
    slider = page.get_by_role("slider")
    picture = page.locator(".layers")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    swipe(page, middle, 100)
    # The finger took the handle: the picture is the same.
    assert float(slider.input_value()) > 60
    expect(page.get_by_text("1 of 3")).to_be_visible()
    swipe(page, (box["x"] + 20, middle[1]), 10)
    expect(page.get_by_text("1 of 3")).to_be_visible()
    swipe(page, (box["x"] + box["width"] - 150, middle[1] + 5), -110)
    expect(page.get_by_text("2 of 3")).to_be_visible()
    page.get_by_role("link", name="Back to the list").tap()
    page.get_by_role("button", name="Select", exact=True).tap()
    page.locator(".tile a").nth(0).tap()
    page.locator(".tile a").nth(2).tap()
    expect(page.locator("#selected")).to_have_text("2 selected")
    page.locator(".menu > summary", has_text="Process").tap()
    page.get_by_role("button", name="Process again").tap()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("the present ones are then deleted")
    dialog.get_by_role("button", name="Process again").tap()
    expect(page.get_by_text("done: 2 images")).to_be_visible()
    owned = years.deployment.images.get_many(entry.image_id for entry in years.deployment.images.of_owner("ana"))
    assert sorted(image.status for image in owned.values()) == [Status.QUEUED] * 2 + [Status.READY] * 3
    assert visitor.off_screen() == []
    assert visitor.complaints == []


def test_keys_and_buttons_of_every_page_do_what_the_sheet_says(ana: Visitor, years: Light) -> None:
    page = ana.page
    ana.open("/")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard and help")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Name")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("Control+a")
    expect(page.locator("#selected")).to_contain_text("selected")
    # A field that is wrong keeps the page and the selection.
    page.locator(".menu > summary", has_text="Move").click()
    page.get_by_label("To the batch").fill("no name!")
    page.keyboard.press("Enter")
    assert page.get_by_label("To the batch").evaluate("one => one.matches(':invalid')")
    page.locator("h1").click()
    expect(page.locator("#selected")).to_contain_text("selected")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()
    page.get_by_role("button", name="Theme").click()
    expect(page.locator("#announce")).to_have_text("Theme: light")
    page.get_by_role("button", name="Theme").click()
    page.reload()
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    page.locator(".tile a").last.click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy address of thumb").click()
    expect(page.locator("#announce")).to_have_text("Copied")
    assert "/v/" in page.evaluate("() => navigator.clipboard.readText()")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement")
    page.keyboard.press("f")
    page.wait_for_function("() => !document.fullscreenElement")
    page.keyboard.press("u")
    page.wait_for_url("**/upload")
    assert ana.complaints == []


def test_an_operator_looks_at_the_fleet_over_a_day_and_at_everybodys_images(
    chromium: Browser, contexts: list[BrowserContext], years: Light
) -> None:
    now = datetime.now(UTC)
    for hours in (0, 5):
        sample = Sample(
            at=timestamp(now - timedelta(hours=hours)), lane=Lane.BULK, outcomes={"ready": 900}, work_ms=900
        )
        years.deployment.activity.count(sample)
    visitor = visit(chromium, contexts, years.url)
    visitor.sign_in("olga")
    page = visitor.page
    # An operator without images of their own sees everybody's at once.
    expect(page.get_by_text("of everybody")).to_be_visible()
    page.get_by_label("Owner").select_option("ana")
    page.wait_for_url("**owner=ana*")
    expect(page.locator(".tile").first).to_be_visible()
    visitor.open("/fleet")
    chart = page.locator("#charts svg").first
    expect(chart).to_be_visible()
    with page.expect_response("**/api/v1/fleet/history?range=24h") as answer:
        page.get_by_role("button", name="24 hours").click()
    assert answer.value.ok
    assert page.url.endswith("?range=24h")
    chart.hover()
    expect(page.locator("#charts .read").first).not_to_be_empty()
    assert visitor.complaints == []
