"""An operator in a real browser: failures, users, the fleet, and recipes."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Picture
from playwright.sync_api import expect

from pixelfleet.errors import Cause
from tests.e2e.dashboard.conftest import TIMEOUT, Served, Visitor
from tests.fakes.records import record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


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
