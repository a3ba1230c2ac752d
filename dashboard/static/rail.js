// @ts-check
// The rail of months beside the gallery: marks the month in view, and is one stop of the Tab key with arrow keys inside.

import { whenShown } from "./live.js";

const rail = /** @type {HTMLElement | null} */ (document.querySelector(".rail"));
const stops = () => [...(rail?.querySelectorAll("a, button") ?? [])].map((one) => /** @type {HTMLElement} */ (one));
/** The headings of days above the middle of the screen, in the order of the page. @type {HTMLElement[]} */
let days = [];

/** The Tab key leads to this stop of the rail alone. @param {HTMLElement} stop */
function tabTo(stop) {
  for (const other of stops()) {
    other.tabIndex = other === stop ? 0 : -1;
    other.toggleAttribute("data-stop", other === stop);
  }
}

function mark() {
  const passed = days.filter((day) => day.getBoundingClientRect().top < innerHeight / 2).pop() ?? days[0];
  const month = passed?.getAttribute("datetime")?.slice(0, 7);
  for (const stop of stops()) {
    if (month === undefined || stop.dataset.month !== month) stop.removeAttribute("aria-current");
    else if (rail && !stop.hasAttribute("aria-current")) {
      stop.setAttribute("aria-current", "true");
      // scrollIntoView could move the page, too.
      rail.scrollTop = stop.offsetTop - rail.clientHeight / 2;
    }
  }
}

rail?.addEventListener("keydown", (event) => {
  const all = stops();
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = all[Math.max(0, Math.min(all.length - 1, to))];
  tabTo(next);
  next.focus();
});

// The button for earlier months is replaced by the months, which get its focus.
let goesOn = false;
rail?.addEventListener("click", (event) => (goesOn = /** @type {HTMLElement} */ (event.target).matches("button")));

let waiting = 0;
addEventListener(
  "scroll",
  () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      mark();
    });
  },
  { passive: true },
);

// The rail itself, its further months, and further days of the list are loaded after the page.
whenShown((root) => {
  days = [...document.querySelectorAll(".group time[datetime]")].map((one) => /** @type {HTMLElement} */ (one));
  const all = stops();
  const stop = all.find((one) => "stop" in one.dataset) ?? all[0];
  if (stop) tabTo(stop);
  // Another part of the page that is loaded meanwhile takes no focus.
  const further = goesOn && rail?.contains(root) && root.querySelector("a");
  if (further instanceof HTMLElement) {
    goesOn = false;
    tabTo(further);
    further.focus();
  }
  mark();
});
