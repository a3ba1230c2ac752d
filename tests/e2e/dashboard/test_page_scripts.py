"""The scripts of the pages in a real browser: what they draw, and what the policy keeps out."""

import pytest

from pixelfleet.images.thumbhash import thumbhash
from tests.e2e.dashboard.conftest import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


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
