import assert from "node:assert/strict";
import { test } from "node:test";

/** The boxes of the tiles of a list, without a browser. */
const box = (value) => ({ value, checked: false });
let boxes = ["a", "b", "c", "d"].map(box);
const fields = { ids: { value: "" }, all: { value: "" } };
const list = Object.assign(new EventTarget(), {
  classList: { toggle: () => undefined },
  querySelectorAll: () => boxes,
});
const form = Object.assign(new EventTarget(), {
  hidden: true,
  dataset: { filters: "batch=summer", owner: "ana" },
  elements: { namedItem: (name) => fields[name] },
});
const everything = Object.assign(new EventTarget(), { hidden: false });
const unselect = new EventTarget();
const label = { textContent: "" };
const here = new EventTarget();
globalThis.addEventListener = here.addEventListener.bind(here);
globalThis.HTMLElement = class {};
globalThis.document = Object.assign(new EventTarget(), {
  body: { getAttribute: () => null },
  querySelector: () => list,
  getElementById: (id) => ({ selection: form, selected: label, "select-all": everything, unselect })[id] ?? null,
});
await import("../../../../dashboard/static/select.js");
const { finish } = await import("../../../../dashboard/static/live.js");

/** A click on a box, which the browser has checked or unchecked already. */
function click(value, shiftKey = false) {
  const own = boxes.find((one) => one.value === value);
  own.checked = !own.checked;
  const event = Object.assign(new Event("click"), { shiftKey });
  Object.defineProperty(event, "target", { value: { closest: (selector) => (selector === ".pick input" ? own : null) } });
  list.dispatchEvent(event);
}

/** A tile is renewed: another element has its place. */
function renew(value) {
  const fresh = box(value);
  boxes = boxes.map((one) => (one.value === value ? fresh : one));
  finish({ querySelectorAll: (selector) => (selector === ".pick input" ? [fresh] : []) });
}
const checked = () => boxes.filter((one) => one.checked).map((one) => one.value);

test("a renewed tile keeps its place in the selection, also as the begin of a range", () => {
  click("b");
  renew("b");
  assert.deepEqual([checked(), fields.ids.value], [["b"], "b"]);
  click("d", true);
  assert.deepEqual(checked(), ["b", "c", "d"]);
});

test("an image that is gone is not selected any more", () => {
  boxes = boxes.filter((one) => one.value !== "c");
  list.dispatchEvent(Object.assign(new Event("gone"), { detail: "c" }));
  assert.deepEqual([label.textContent, fields.ids.value], ["2 selected", "b,d"]);
});

test("after all that match, a click on one box leaves the other boxes selected as they look", () => {
  everything.dispatchEvent(new Event("click"));
  assert.equal(fields.all.value, "batch=summer&owner=ana");
  click("a");
  assert.deepEqual([checked(), fields.ids.value, fields.all.value], [["b", "d"], "b,d", ""]);
  unselect.dispatchEvent(new Event("click"));
  assert.deepEqual([checked(), form.hidden], [[], true]);
});
