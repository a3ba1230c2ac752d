// @ts-check
// The parts of a page that follow the server: parts that are loaded again, tiles that settle, a page that is reloaded.

import { Follower } from "./follow.js";
import { presentSession, showEnd } from "./session.js";

/** @type {((root: Element) => void)[]} */
const finishers = [];

/** Calls `act` with every element that is added to the page. @param {(root: Element) => void} act */
export const whenShown = (act) => finishers.push(act);

const lost = document.getElementById("lost");

export const follower = new Follower({
  open: (address) => new EventSource(address),
  later: (act, milliseconds) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
  onLost: (isLost, failures) => {
    // One failure is normal: a server is replaced, or a stream has reached its age.
    if (lost) lost.hidden = !isLost || failures < 2;
    if (isLost && failures >= 2) askForSession();
  },
});

/** An ended session looks like a broken connection to a stream. So this asks the server for the session. */
async function askForSession() {
  const session = await presentSession();
  // Without an answer the connection is down: the stream itself is tried again.
  if (session !== undefined) showEnd(session === null, { keepsPage: false });
  return session !== null;
}

/**
 * Loads a part of the page again at every call of the returned function, one request at a time. Calls during a request
 * lead to one more request. After a failure, the next call loads the part.
 * @param {Element} place
 * @param {string} address
 * @returns {() => Promise<void>}
 */
export function part(place, address) {
  let loading = false;
  let again = false;
  const load = async () => {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "manual" });
      if (answer.ok) show(place, await answer.text());
      else if (answer.type === "opaqueredirect") await askForSession();
    } catch {
      // The connection is down. The stream fails too, and its next state loads this part.
      again = false;
    } finally {
      loading = false;
    }
    if (again) {
      again = false;
      await load();
    }
  };
  return load;
}

/** Where a link or the button of a form leads. @param {Element} control */
const target = (control) => control.getAttribute("href") ?? control.closest("form")?.getAttribute("action");

/** @param {Element} place @param {string} html */
function show(place, html) {
  const active = document.activeElement;
  const focused = active && place.contains(active) ? target(active) : null;
  place.innerHTML = html;
  finish(place);
  // A link or a button that had the keyboard focus keeps it.
  const same = focused && [...place.querySelectorAll("a[href], form button")].find((one) => target(one) === focused);
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}

/** Prepares a new element. @param {Element} root */
export function finish(root) {
  for (const act of finishers) act(root);
}

// --- tiles

/** Images that one request for tiles names, and the most tiles of a kept page that are looked at. */
const TILES_AT_ONCE = 60;
const MOST_KEPT = 600;
/** Milliseconds: several images settle at once, and one request is for all of them; the longest wait after failures. */
const SETTLE_TOGETHER = 200;
const LONGEST_WAIT = 30_000;

/** @type {Set<string>} */
const settling = new Set();
let asking = false;

/**
 * The present tiles of these images; null without an answer. A deleted image has none.
 * @param {string[]} ids @returns {Promise<HTMLElement[] | null>}
 */
async function presentTiles(ids) {
  try {
    const answer = await fetch(`/tiles?${ids.map((id) => `id=${id}`).join("&")}`, { redirect: "manual" });
    if (!answer.ok) return null;
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    return /** @type {HTMLElement[]} */ ([...holder.content.querySelectorAll("[data-tile]")]);
  } catch {
    return null;
  }
}

/** Renews the settled tiles. The stream sends a state once, so a request without an answer is repeated. */
async function renewTiles() {
  if (asking) return;
  asking = true;
  for (let wait = SETTLE_TOGETHER; settling.size; ) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const ids = [...settling].slice(0, TILES_AT_ONCE);
    const present = await presentTiles(ids);
    wait = present ? SETTLE_TOGETHER : Math.min(2 * wait, LONGEST_WAIT);
    if (!present) continue;
    for (const id of ids) settling.delete(id);
    for (const tile of present) replaceTile(tile);
  }
  asking = false;
}

/** The tiles of an image in the page. @param {string} id @returns {NodeListOf<HTMLElement>} */
const shownTiles = (id) => document.querySelectorAll(`[data-tile="${id}"]`);

/** @param {HTMLElement} tile */
function replaceTile(tile) {
  for (const old of shownTiles(tile.dataset.tile ?? "")) {
    const focused = old.contains(document.activeElement);
    const fresh = /** @type {HTMLElement} */ (tile.cloneNode(true));
    old.replaceWith(fresh);
    finish(fresh);
    if (focused) fresh.querySelector("a")?.focus({ preventScroll: true });
  }
}

/** Removes a tile, and the heading of its day if the day has no other tile. @param {HTMLElement} tile */
function removeTile(tile) {
  const before = tile.previousElementSibling;
  const after = tile.nextElementSibling;
  // The selection, if there is one, loses the image.
  tile.dispatchEvent(new CustomEvent("gone", { bubbles: true, detail: tile.dataset.tile }));
  tile.remove();
  if (before?.matches(".group") && (!after || after.matches(".group"))) before.remove();
}

/** Whether two tiles of an image show the same. @param {HTMLElement} tile @param {HTMLElement} other */
const looksLike = (tile, other) =>
  tile.dataset.status === other.dataset.status &&
  tile.querySelector("img")?.getAttribute("src") === other.querySelector("img")?.getAttribute("src");

/** The tiles of a page that the browser has kept: since then, images may have been deleted or processed again. */
async function renewKept() {
  const tiles = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-tile]"));
  const listed = [...tiles].filter((tile) => tile.dataset.status !== "deleted").map((tile) => tile.dataset.tile ?? "");
  const ids = [...new Set(listed)].slice(0, MOST_KEPT);
  for (let begin = 0; begin < ids.length; begin += TILES_AT_ONCE) {
    const some = ids.slice(begin, begin + TILES_AT_ONCE);
    const answer = await presentTiles(some);
    // Without a connection, the page stays as it was.
    if (!answer) return;
    const present = new Map(answer.map((tile) => [tile.dataset.tile, tile]));
    for (const id of some) {
      const fresh = present.get(id);
      const shown = [...shownTiles(id)];
      if (!fresh) shown.forEach(removeTile);
      else if (shown.some((tile) => !looksLike(tile, fresh))) replaceTile(fresh);
    }
  }
}

// --- elements with the attribute data-follow

/** @type {WeakSet<HTMLElement>} */
const attached = new WeakSet();
/** What loads the parts of this page that follow the server. @type {(() => Promise<void>)[]} */
const loaders = [];

/** @param {HTMLElement} element */
function attach(element) {
  // A part that is loaded again is shown again, but follows already.
  if (attached.has(element)) return;
  attached.add(element);
  const topic = element.dataset.follow ?? "";
  if (element.dataset.tile) {
    const known = element.dataset.status;
    const end = follower.follow(topic, (state) => {
      if (state.status === known) return;
      settling.add(element.dataset.tile ?? "");
      renewTiles();
      end();
    });
  } else if (element.dataset.part) {
    const load = part(element, element.dataset.part);
    loaders.push(load);
    follower.follow(topic, load);
  } else if (element.dataset.version) {
    const act = (/** @type {import("./follow.js").State} */ state) => String(state.version) !== element.dataset.version && location.reload();
    // A settled topic with `data-held` is followed too: it is about to change.
    follower.follow(topic, act, { held: "held" in element.dataset });
  }
}

whenShown((root) => {
  if (root instanceof HTMLElement && root.dataset.follow) attach(root);
  for (const element of root.querySelectorAll("[data-follow]")) attach(/** @type {HTMLElement} */ (element));
});

document.addEventListener("visibilitychange", () => (document.hidden ? follower.pause() : follower.resume()));
addEventListener("pagehide", () => follower.pause());
addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  // "Back" after signing out must not show the old page.
  if (!(await askForSession())) {
    location.reload();
    return;
  }
  follower.resume();
  // The stream leaves out what was settled, such as a complete batch, whose counts change if an image is deleted.
  for (const load of loaders) load();
  await renewKept();
});
addEventListener("online", () => follower.resume());
