// @ts-check
// A swipe to the side by one finger, as on the image page, where it leads to the next image of the list.

/** Controls that a finger moves: the handle of a slider, a table. */
const MOVED = "[data-dragged], .zoom, .scroll, input, dialog";
/** Pixels of the shortest swipe. A swipe goes at least twice as far across as down. */
const SHORTEST = 80;

/** On a page that two fingers have enlarged, one finger moves the page. */
const enlarged = () => (globalThis.visualViewport?.scale ?? 1) > 1.01;

/** @param {HTMLElement} place @param {(side: "left" | "right") => void} act */
export function onSwipe(place, act) {
  /** @type {Touch | null} */
  let from = null;
  place.addEventListener(
    "touchstart",
    (event) => {
      const moves = /** @type {HTMLElement} */ (event.target).closest(MOVED);
      from = event.touches.length === 1 && !moves && !enlarged() ? event.touches[0] : null;
    },
    { passive: true },
  );
  place.addEventListener("touchcancel", () => (from = null));
  place.addEventListener("touchend", (event) => {
    if (!from) return;
    const { clientX, clientY } = event.changedTouches[0];
    const [across, down] = [clientX - from.clientX, clientY - from.clientY];
    from = null;
    if (Math.abs(across) > SHORTEST && Math.abs(across) > 2 * Math.abs(down)) act(across > 0 ? "right" : "left");
  });
}
