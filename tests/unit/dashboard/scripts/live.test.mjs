import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

mock.timers.enable({ apis: ["setTimeout"] });

/** The elements of a list, without a browser: tiles, and headings of days. @type {Element[]} */
let list = [];

/** A tile, or the heading of a day if it has no id. */
class Element extends EventTarget {
  constructor(id, status = "ready", src = "1.webp") {
    super();
    this.dataset = id ? { tile: id, status, ...(status === "queued" ? { follow: `image:${id}` } : {}) } : {};
    this.src = src;
  }
  get previousElementSibling() {
    return list[list.indexOf(this) - 1] ?? null;
  }
  get nextElementSibling() {
    return list[list.indexOf(this) + 1] ?? null;
  }
  matches = (selector) => selector === ".group" && !this.dataset.tile;
  contains = () => false;
  querySelector = (selector) => (selector === "img" ? { getAttribute: () => this.src } : null);
  querySelectorAll = () => [];
  cloneNode = () => new Element(this.dataset.tile, this.dataset.status, this.src);
  remove = () => list.splice(list.indexOf(this), 1);
  replaceWith = (fresh) => list.splice(list.indexOf(this), 1, fresh);
}
const heading = () => new Element("");
const shown = () => list.map((one) => (one.dataset.tile ? `${one.dataset.tile} ${one.dataset.status}` : "day"));

/** The images that the server has, by id. @type {Map<string, Element>} */
let images = new Map();
/** The ids of every request for tiles. @type {string[][]} */
let asked = [];
let down = false;
let signedIn = true;
let reloads = 0;
let streams = [];

const here = new EventTarget();
globalThis.addEventListener = here.addEventListener.bind(here);
globalThis.HTMLElement = Element;
globalThis.location = { reload: () => reloads++, pathname: "/", search: "" };
globalThis.EventSource = class extends EventTarget {
  constructor() {
    super();
    streams.push(this);
  }
  close() {}
};
globalThis.document = Object.assign(new EventTarget(), {
  body: {},
  getElementById: () => null,
  createElement: () => ({
    set innerHTML(ids) {
      this.content = { querySelectorAll: () => ids.split(" ").flatMap((id) => images.get(id) ?? []) };
    },
  }),
  querySelectorAll: (selector) => {
    const id = /="(.*)"/.exec(selector)?.[1];
    return list.filter((one) => one.dataset.tile && (id === undefined || one.dataset.tile === id));
  },
});
globalThis.fetch = async (address) => {
  if (address === "/session") return { type: signedIn ? "basic" : "opaqueredirect", ok: signedIn, json: async () => ({}) };
  if (!address.startsWith("/tiles")) return { ok: true, text: async () => `the present ${address}` };
  const ids = [...new URLSearchParams(address.split("?")[1]).getAll("id")];
  asked.push(ids);
  return { ok: !down, text: async () => ids.join(" ") };
};
const { finish } = await import("../../../../dashboard/static/live.js");
const settled = () => new Promise((resolve) => setImmediate(resolve));
const back = async () => {
  here.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await settled();
};

beforeEach(() => {
  [images, asked, down, signedIn, reloads, streams] = [new Map(), [], false, true, 0, []];
});
const held = (...tiles) => (images = new Map(tiles.map((tile) => [tile.dataset.tile, tile])));

test("a page shown again by Back has no deleted images, and no heading of a day without images", async () => {
  const gone = [];
  list = [heading(), new Element("a"), heading(), new Element("b"), new Element("c")];
  for (const tile of list) tile.addEventListener("gone", (event) => gone.push(event.detail));
  held(new Element("c"));
  await back();
  assert.deepEqual(shown(), ["day", "c ready"]);
  assert.deepEqual(gone, ["a", "b"]);
});

test("a page shown again by Back renews the tiles of another status or picture, and keeps the others", async () => {
  list = [new Element("a"), new Element("b"), new Element("c")];
  const [kept] = list;
  held(new Element("a"), new Element("b", "failed"), new Element("c", "ready", "2.webp"));
  await back();
  assert.equal(list[0], kept);
  assert.deepEqual(shown(), ["a ready", "b failed", "c ready"]);
  assert.equal(list[2].src, "2.webp");
});

test("a page shown again by Back has its parts as they are now, also those of a complete batch", async () => {
  list = [];
  const place = Object.assign(new Element(""), { dataset: { follow: "batch:ana/summer", part: "/batches/ana/summer/live" } });
  finish(place);
  await back();
  assert.equal(place.innerHTML, "the present /batches/ana/summer/live");
});

test("a list of deleted images is shown again by Back as it was", async () => {
  list = [new Element("a", "deleted")];
  await back();
  assert.deepEqual([shown(), asked], [["a deleted"], []]);
});

test("a long page is renewed by bounded requests, and stays as it was without an answer", async () => {
  list = Array.from({ length: 700 }, (_, number) => new Element(`i${number}`));
  held(...list);
  await back();
  assert.deepEqual(asked.map((ids) => ids.length), Array(10).fill(60));
  [asked, down, images] = [[], true, new Map()];
  await back();
  assert.deepEqual([asked.length, list.length], [1, 700]);
});

test("Back after signing out loads the page again", async () => {
  list = [new Element("a")];
  signedIn = false;
  await back();
  assert.deepEqual([reloads, asked], [1, []]);
});

test("a settled tile whose request has no answer is requested again, with longer waits", async () => {
  list = [new Element("a", "queued")];
  finish(list[0]);
  mock.timers.tick(50);
  const change = { topic: "image:a", state: { status: "ready" }, settled: true };
  streams.at(-1).dispatchEvent(Object.assign(new Event("change"), { data: JSON.stringify(change) }));
  held(new Element("a"));
  down = true;
  for (const wait of [200, 400, 800]) {
    mock.timers.tick(wait - 1);
    await settled();
    const before = asked.length;
    mock.timers.tick(1);
    await settled();
    assert.equal(asked.length, before + 1);
  }
  assert.deepEqual(shown(), ["a queued"]);
  down = false;
  mock.timers.tick(1_600);
  await settled();
  assert.deepEqual(shown(), ["a ready"]);
});
