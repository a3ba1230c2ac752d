import assert from "node:assert/strict";
import { test } from "node:test";

/** A link or a button of the rail, without a browser. */
const stop = (name) => ({
  name,
  dataset: {},
  tabIndex: 0,
  toggleAttribute(attribute, on) {
    if (on) this.dataset.stop = "";
    else delete this.dataset.stop;
  },
  removeAttribute: () => undefined,
  focus() {
    document.activeElement = this;
  },
});
globalThis.HTMLElement = class {};
const link = (name) => Object.assign(new HTMLElement(), stop(name));
let stops = [link("July"), link("Earlier")];
let inside = [];
const rail = Object.assign(new EventTarget(), { querySelectorAll: () => stops, contains: (root) => inside.includes(root) });
const here = new EventTarget();
globalThis.addEventListener = here.addEventListener.bind(here);
globalThis.innerHeight = 800;
globalThis.document = Object.assign(new EventTarget(), {
  querySelector: () => rail,
  querySelectorAll: () => [],
  getElementById: () => null,
  activeElement: null,
});
await import("../../../../dashboard/static/rail.js");
const { finish } = await import("../../../../dashboard/static/live.js");
const root = (first) => ({ querySelector: () => first, querySelectorAll: () => [] });

test("earlier months get the focus of their button, and a tile that is renewed meanwhile does not", () => {
  finish(root(null));
  assert.deepEqual(stops.map((one) => one.tabIndex), [0, -1]);
  const event = new Event("click");
  Object.defineProperty(event, "target", { value: { matches: () => true } });
  rail.dispatchEvent(event);
  finish(root(link("a tile")));
  assert.equal(document.activeElement, null);
  const june = link("June");
  stops = [stops[0], june];
  inside = [root(june)];
  finish(inside[0]);
  assert.equal(document.activeElement, june);
  assert.deepEqual(stops.map((one) => one.tabIndex), [-1, 0]);
});

test("the arrow keys, Home and End go from stop to stop and stay in the rail", () => {
  document.activeElement = stops[0];
  for (const [key, name] of [["ArrowDown", "June"], ["ArrowDown", "June"], ["Home", "July"], ["ArrowUp", "July"], ["End", "June"]]) {
    rail.dispatchEvent(Object.assign(new Event("keydown"), { key }));
    assert.equal(document.activeElement.name, name, key);
  }
});
