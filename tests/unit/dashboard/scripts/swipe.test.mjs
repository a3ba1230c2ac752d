import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { onSwipe } from "../../../../dashboard/static/swipe.js";

const place = new EventTarget();
let sides = [];
onSwipe(place, (side) => sides.push(side));

/** A touch of fingers that begin at (200, 200). The first of them moves across and down. */
function touch(across, down, { fingers = 1, on = null, ends = "touchend" } = {}) {
  const begin = Object.assign(new Event("touchstart"), { touches: Array(fingers).fill({ clientX: 200, clientY: 200 }) });
  Object.defineProperty(begin, "target", { value: { closest: () => on } });
  place.dispatchEvent(begin);
  const end = { changedTouches: [{ clientX: 200 + across, clientY: 200 + down }] };
  place.dispatchEvent(Object.assign(new Event(ends), end));
}

beforeEach(() => {
  sides = [];
  globalThis.visualViewport = { scale: 1 };
});

test("a finger that moves to a side is a swipe", () => {
  touch(100, 10);
  touch(-100, -10);
  assert.deepEqual(sides, ["right", "left"]);
});

test("a tap, a scroll, two fingers, a control and a touch that the browser takes over are no swipes", () => {
  touch(10, 0);
  touch(100, 120);
  touch(100, 0, { fingers: 2 });
  touch(100, 0, { on: {} });
  touch(100, 0, { ends: "touchcancel" });
  assert.deepEqual(sides, []);
});

test("a finger that moves an enlarged page does not leave the page", () => {
  globalThis.visualViewport = { scale: 2 };
  touch(100, 0);
  assert.deepEqual(sides, []);
});
