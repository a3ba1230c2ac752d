// @ts-check
// The tiles of images: a tile is renewed when its image settles, and all tiles when the browser shows a kept page again.

import { finish } from "./live.js";

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

/** Renews the tile of an image that has settled, together with others. @param {string} id */
export function renewSoon(id) {
  settling.add(id);
  renewTiles();
}

/** The stream sends a state once, so a request without an answer is repeated. */
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
export async function renewKept() {
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
