// @ts-check
// The parts of a page that follow the server: parts that are loaded again, tiles that settle, a page that is reloaded.

import { Follower } from "./follow.js";
import { presentSession, showEnd } from "./session.js";
import { renewKept, renewSoon } from "./tiles.js";

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
      renewSoon(element.dataset.tile ?? "");
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
