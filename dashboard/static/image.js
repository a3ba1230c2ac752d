// @ts-check
// The image page: previous and next of the list that it was opened from, variants in place, full screen.

import { area, histogram, scale } from "./histogram.js";
import { finish } from "./live.js";
import { onSwipe } from "./swipe.js";

const stage = /** @type {HTMLElement} */ (document.querySelector(".stage"));
const walk = document.getElementById("walk");
const here = location.pathname.split("/").pop() ?? "";

/** @param {string} key */
function link(key) {
  return /** @type {HTMLAnchorElement | null} */ (walk?.querySelector(`[data-walk=${key}]`) ?? null);
}

function walkable() {
  /** @type {{ids: string[], address: string}} */
  const list = JSON.parse(sessionStorage.getItem("list") ?? '{"ids": [], "address": "/"}');
  const at = list.ids.indexOf(here);
  if (at < 0 || !walk) return;
  walk.hidden = false;
  const neighbours = { previous: list.ids[at - 1], next: list.ids[at + 1] };
  for (const [key, id] of Object.entries(neighbours)) {
    const to = link(key);
    if (!to) continue;
    if (id) to.href = `/images/${id}`;
    else to.removeAttribute("href");
  }
  const back = link("list");
  if (back) back.href = list.address;
  const place = walk.querySelector("[data-place]");
  if (place) place.textContent = `${at + 1} of ${list.ids.length}`;
}

/** @param {string} key */
const go = (key) => link(key)?.href && location.assign(link(key)?.href ?? "");

walkable();
// The browser may keep a page for "back", which would show an image that was deleted or processed again since then.
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, select, textarea, [role=application], .zoom *")) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "ArrowLeft") go("previous");
  else if (event.key === "ArrowRight") go("next");
  else if (event.key === "f") document.fullscreenElement ? document.exitFullscreen() : stage.querySelector("figure")?.requestFullscreen();
});

stage.toggleAttribute("data-swipes", walk?.hidden === false);
onSwipe(stage, (side) => go(side === "right" ? "previous" : "next"));

// --- variants in place

for (const button of document.querySelectorAll("[data-show]"))
  button.addEventListener("click", () => {
    const { show, width, height, name } = /** @type {HTMLElement} */ (button).dataset;
    const figure = document.createElement("figure");
    figure.className = "single";
    const image = document.createElement("img");
    Object.assign(image, { src: show, alt: name, width: Number(width), height: Number(height) });
    figure.append(image);
    const old = stage.querySelector("figure, .zoom, .blank");
    if (old) old.replaceWith(figure);
    for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(other === button));
    figure.scrollIntoView({ block: "nearest" });
  });

// --- another recipe than the present one replaces the variants: the form asks first

const again = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-present]"));
again?.addEventListener("submit", () => {
  const { value } = /** @type {HTMLSelectElement} */ (again.elements.namedItem("recipe"));
  if (value === again.dataset.present) delete again.dataset.confirm;
  else again.dataset.confirm = `Process this image again by ${value}?`;
});

// --- any two pictures, one over the other

const choice = /** @type {HTMLFormElement | null} */ (document.getElementById("compare-choice"));

/** @param {HTMLOptionElement} left @param {HTMLOptionElement} right */
function comparison(left, right) {
  const figure = document.createElement("figure");
  figure.className = "compare";
  figure.dataset.compare = "";
  const layers = document.createElement("div");
  layers.className = "layers";
  for (const [side, option] of /** @type {[string, HTMLOptionElement][]} */ ([["after", right], ["before", left]])) {
    const image = document.createElement("img");
    image.className = side;
    image.alt = option.dataset.name ?? "";
    image.width = Number(right.dataset.width);
    image.height = Number(right.dataset.height);
    image.src = option.dataset.address ?? "";
    layers.append(image);
  }
  const handle = document.createElement("span");
  handle.className = "handle";
  handle.setAttribute("aria-hidden", "true");
  layers.append(handle);
  const range = Object.assign(document.createElement("input"), { type: "range", min: "0", max: "100", value: "50" });
  range.setAttribute("aria-label", `Compare ${left.dataset.name} with ${right.dataset.name}`);
  const caption = document.createElement("figcaption");
  const words = [left, right].map((option) => {
    const span = document.createElement("span");
    span.textContent = `${option.dataset.name}, ${option.dataset.size}`;
    const score = document.createElement("small");
    score.setAttribute("role", "status");
    if (option.dataset.key) span.append(document.createElement("br"), score);
    return span;
  });
  caption.append(words[0], range, words[1]);
  figure.append(layers, caption);
  return figure;
}

/**
 * The scores of two pictures, one after the other: the dashboard computes one at a time.
 * @param {HTMLElement} figure @param {HTMLOptionElement[]} options
 */
async function showScores(figure, options) {
  const places = figure.querySelectorAll("figcaption > span");
  for (const [number, option] of options.entries()) {
    const place = places[number].querySelector("small");
    if (!place) continue;
    place.textContent = "computing the score…";
    place.textContent = await scoreOf(option.dataset.key ?? "");
  }
}

/** @param {string} key @returns {Promise<string>} */
async function scoreOf(key, tries = 3) {
  const address = `/images/${here}/score?key=${encodeURIComponent(key)}`;
  let answer;
  try {
    answer = await fetch(address, { headers: { Accept: "application/json" } });
  } catch {
    return "no score: the dashboard does not answer";
  }
  const wait = Number(answer.headers.get("Retry-After"));
  if (answer.status === 429 && wait <= 5 && tries > 1) {
    await new Promise((resume) => setTimeout(resume, wait * 1000));
    return scoreOf(key, tries - 1);
  }
  const { score, reason, detail } = await answer.json().catch(() => ({}));
  if (typeof score === "number") return `${score.toFixed(3)} of 1 like the original (SSIM)`;
  return `no score: ${reason ?? detail ?? "load the page again"}`;
}

if (choice) {
  choice.hidden = false;
  const picked = (/** @type {string} */ side) =>
    /** @type {HTMLSelectElement} */ (choice.elements.namedItem(side)).selectedOptions[0];
  choice.addEventListener("submit", (event) => {
    event.preventDefault();
    const options = [picked("left"), picked("right")];
    const figure = comparison(options[0], options[1]);
    stage.querySelector("figure, .zoom, .blank")?.replaceWith(figure);
    for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", "false");
    finish(figure);
    figure.scrollIntoView({ block: "nearest" });
    showScores(figure, options);
  });
}

// --- the histogram, of the smallest picture: it has the same shape as that of the largest

const chart = document.getElementById("histogram");

/** @param {HTMLElement} place */
async function drawHistogram(place) {
  const image = new Image();
  image.src = place.dataset.picture ?? "";
  try {
    await image.decode();
  } catch {
    // The picture is missing, or the browser cannot draw it: there is no histogram.
    return;
  }
  const canvas = document.createElement("canvas");
  const by = Math.min(1, 512 / Math.max(image.naturalWidth, image.naturalHeight));
  canvas.width = Math.max(1, Math.round(image.naturalWidth * by));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * by));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const channels = histogram(context.getImageData(0, 0, canvas.width, canvas.height).data);
  const highest = scale(channels);
  channels.forEach((counts, channel) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", ["red", "green", "blue"][channel]);
    path.setAttribute("d", area(counts, highest, 255, 80));
    place.querySelector("svg")?.append(path);
  });
  place.hidden = false;
}

if (chart) drawHistogram(chart);
