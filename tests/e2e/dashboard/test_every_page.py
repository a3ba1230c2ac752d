"""Every page in a real browser: accessible and whole on a phone and a desktop, in light and dark, and by keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.dashboard.conftest import RULES, Served, Visitor, keep, no_motion, visit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True},
}
#: The rules of axe that are checked in each colour scheme. The other rules look at nothing that a scheme changes.
SCHEMES: dict[str, list[str]] = {"light": RULES, "dark": ["color-contrast", "link-in-text-block"]}
PAGES = (
    "/", "/upload", "/batches", "/recipes", "/recipes/web", "/recipes/web/edit", "/routes?key=a.jpg", "/adopted",
    "/duplicates", "/duplicates?near=4", "/fleet", "/failures", "/users", "/activity", "/account", "/docs", "/help",
    "/help/reference/limits", "/background-tasks",
)  # fmt: skip
#: As long as the name of a batch may be, without a place to break it.
LONG_NAME = "long." * 25 + "end"
#: Badges that are cut off, and short words of a table that are broken over two lines.
BROKEN_TEXT = """() => {
  const broken = [...document.querySelectorAll("main .badge")].filter((one) => one.scrollWidth > one.clientWidth + 1);
  const words = [];
  for (const cell of document.querySelectorAll("main :is(td, th)")) {
    // The head of a table whose rows are cards is there for screen readers alone.
    if (getComputedStyle(cell.closest("thead") ?? cell).position === "absolute") continue;
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      for (const word of text.data.matchAll(/(?<!\\S)[a-z0-9]{2,12}(?!\\S)/gi)) {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.top)));
        if (lines.size > 1) words.push(word[0]);
      }
    }
  }
  return [...broken.map((one) => one.textContent.trim()), ...words].slice(0, 5);
}"""


@pytest.mark.parametrize("device", DEVICES)
def test_every_page_is_accessible_and_fits_in_light_and_dark(
    chromium: Browser, contexts: list[BrowserContext], served: Served, device: str, stock: str
) -> None:
    visitor = visit(chromium, contexts, served.url, **DEVICES[device])
    page = visitor.page
    page.goto(f"{visitor.url}/sign-in")
    wrong = _barriers(visitor, "sign-in", device)
    page.emulate_media(color_scheme="light")
    visitor.sign_in("olga")
    served.deployment.batches.create("olga", LONG_NAME)
    for path in (*PAGES, "/?name=nothing-is-called-so", "/batches/olga/stock", f"/batches/olga/{LONG_NAME}", stock):
        visitor.open(path)
        wrong |= _barriers(visitor, _label(path), device)
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            wrong[f"{path} scrolls sideways"] = [str(wide)]
        if hidden := visitor.off_screen():
            wrong[f"{path} has controls off the screen"] = hidden
        if broken := [str(text) for text in page.evaluate(BROKEN_TEXT)]:
            wrong[f"{path} has text that is cut off or broken within a word"] = broken
    assert wrong == {}
    assert visitor.complaints == []


def test_nothing_moves_while_thumbs_load(visitor: Visitor, stock: str) -> None:
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


def test_the_whole_way_is_open_to_a_keyboard(visitor: Visitor, stock: str) -> None:
    page = visitor.page
    page.goto(f"{visitor.url}/sign-in")
    page.keyboard.type("olga")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visitor.url}/")
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


def _label(path: str) -> str:
    if path.startswith("/images/"):
        return "image"
    return {"/": "gallery", "/?name=nothing-is-called-so": "nothing", "/batches/olga/stock": "batch"}.get(
        path, path[1:60]
    )
