import assert from "node:assert/strict";
import { mock, test } from "node:test";

mock.timers.enable({ apis: ["setTimeout"] });

/** A form of a page, without a browser. It counts how often it is sent. */
class Form extends EventTarget {
  method = "post";
  dataset = {};
  isConnected = true;
  sent = [];
  field = { value: "old" };
  elements = { namedItem: () => this.field };
  dialog = { open: true, close: () => (this.dialog.open = false) };
  hasAttribute = () => false;
  closest = () => this.dialog;
  requestSubmit(submitter) {
    const event = new Event("submit", { cancelable: true });
    Object.defineProperty(event, "target", { value: this });
    Object.defineProperty(event, "submitter", { value: submitter });
    document.dispatchEvent(event);
    if (!event.defaultPrevented) this.sent.push(this.field.value);
  }
}

const place = { ended: { hidden: true, querySelector: () => ({}) }, announce: { textContent: "" } };
const attributes = {};
const fields = [{ value: "old" }];
const body = { dataset: { user: "ana" }, setAttribute: (name, value) => (attributes[name] = value) };
const here = new EventTarget();
globalThis.HTMLFormElement = Form;
globalThis.addEventListener = here.addEventListener.bind(here);
globalThis.document = Object.assign(new EventTarget(), {
  body,
  getElementById: (id) => place[id] ?? null,
  querySelectorAll: () => fields,
});
let answer = async () => ({});
globalThis.fetch = (_, options) => answer(options);
const signedIn = async () => ({ type: "basic", ok: true, json: async () => ({ user: "ana", form_token: "new" }) });
const signedOut = async () => ({ type: "opaqueredirect", ok: false });
await import("../../../../dashboard/static/forms.js");
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a double click sends a form once, and a form whose answer is a download can be sent again", async () => {
  answer = signedIn;
  const form = new Form();
  form.requestSubmit(null);
  await settled();
  form.requestSubmit(null);
  await settled();
  assert.deepEqual(form.sent, ["new"]);
  // Another button of the form, just after a download.
  form.requestSubmit({});
  await settled();
  assert.equal(form.sent.length, 2);
  mock.timers.tick(1_000);
  form.requestSubmit(null);
  await settled();
  assert.equal(form.sent.length, 3);
});

test("signing out while the dashboard does not answer keeps the page and says so", async () => {
  answer = async () => Promise.reject(new TypeError("down"));
  const form = new Form();
  form.dataset.unguarded = "";
  form.requestSubmit(null);
  await settled();
  assert.deepEqual([form.sent.length, place.announce.textContent], [0, "The dashboard does not answer. You are still signed in; try again"]);
  answer = signedOut;
  form.requestSubmit(null);
  await settled();
  assert.equal(form.sent.length, 1);
});

test("a form in a dialog whose session has ended is kept, and the dialog does not cover the note", async () => {
  answer = signedOut;
  const form = new Form();
  let kept = 0;
  form.addEventListener("kept", () => kept++);
  form.requestSubmit(null);
  await settled();
  assert.deepEqual([form.sent, kept, place.ended.hidden, form.dialog.open], [[], 1, false, false]);
});

test("after a sign-in in another tab, the page has the token of the new session", async () => {
  place.ended.hidden = false;
  answer = signedOut;
  here.dispatchEvent(new Event("focus"));
  await settled();
  assert.deepEqual([place.ended.hidden, fields[0].value], [false, "old"]);
  answer = signedIn;
  here.dispatchEvent(new Event("focus"));
  await settled();
  assert.deepEqual([place.ended.hidden, fields[0].value], [true, "new"]);
  assert.equal(attributes["hx-headers"], '{"X-CSRF-Token":"new"}');
});

test("an answer that is no session, and a dashboard that does not answer, keep the form", async () => {
  const nobody = async () => ({ type: "basic", ok: true, json: async () => JSON.parse("<html>") });
  const silent = async ({ signal }) => assert.ok(signal instanceof AbortSignal) ?? Promise.reject(new Error("aborted"));
  for (const one of [nobody, silent]) {
    answer = one;
    place.announce.textContent = "";
    const form = new Form();
    let kept = 0;
    form.addEventListener("kept", () => kept++);
    form.requestSubmit(null);
    await settled();
    assert.deepEqual([form.sent, kept], [[], 1]);
    assert.match(place.announce.textContent, /Nothing was sent/);
  }
});
