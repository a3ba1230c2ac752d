// @ts-check
// The charts of the fleet page.

import { Charts } from "./charts.js";
import { follower } from "./live.js";

const TITLES = {
  finished: ["Images a second", "/s"],
  waiting: ["Messages waiting", ""],
  in_flight: ["Messages in flight", ""],
  oldest: ["Oldest message", " s"],
  workers: ["Workers", ""],
};

const place = /** @type {HTMLElement} */ (document.getElementById("charts"));
const charts = new Charts(place);
const buttons = [...document.querySelectorAll("[data-range]")].map((one) => /** @type {HTMLElement} */ (one));
let range = new URLSearchParams(location.search).get("range") ?? "1h";
let tag = "";

/** @param {any} answer */
function show(answer) {
  const axis = { start: Date.parse(answer.start), step: answer.step * 1000, steps: answer.steps };
  const shown = Object.entries(TITLES).filter(([field]) => Object.keys(answer.charts[field] ?? {}).length);
  charts.show(
    axis,
    shown.map(([field, [title, unit]]) => ({
      title,
      unit,
      lines: Object.entries(answer.charts[field]).map(([name, values]) => ({ name, values })),
    })),
  );
}

async function load() {
  const asked = range;
  try {
    const answer = await fetch(`/api/v1/fleet/history?range=${asked}`, { headers: tag ? { "If-None-Match": tag } : {} });
    if (answer.status !== 200 || asked !== range) return;
    tag = answer.headers.get("ETag") ?? "";
    show(await answer.json());
  } catch {
    // The next tick sends the request again.
  }
}

/** @param {string} chosen */
function choose(chosen) {
  range = chosen;
  tag = "";
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.range === range));
  load();
}

for (const button of buttons)
  button.addEventListener("click", () => {
    history.replaceState(null, "", `?range=${button.dataset.range}`);
    choose(button.dataset.range ?? "1h");
  });
choose(buttons.some((button) => button.dataset.range === range) ? range : "1h");
follower.follow("fleet", load);
