// @ts-check
// The trial of a draft: its results for an image beside those of the present recipe, with bytes and milliseconds.

import { change, inBytes, pairs } from "./recipe-comparison.js";

/** @typedef {import("./recipe-comparison.js").Tried} Tried */
/** @typedef {import("./recipe-comparison.js").TriedVariant} TriedVariant */

/** Pictures are drawn no wider than this: two of them stand side by side. */
const WIDEST = 1600;

const form = /** @type {HTMLFormElement} */ (document.getElementById("try"));
const text = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const said = /** @type {HTMLElement} */ (document.getElementById("trial-said"));
const place = /** @type {HTMLElement} */ (document.getElementById("trial"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
const token = /** @type {HTMLInputElement} */ (document.querySelector("#editor [name=csrf_token]"));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});

async function run() {
  const body = new FormData(form);
  body.set("text", text.value);
  button.disabled = true;
  said.className = "";
  said.textContent = "Two recipes are at work…";
  place.replaceChildren();
  try {
    const headers = { "X-CSRF-Token": token.value, Accept: "application/json" };
    const answer = await fetch(form.dataset.action ?? "", { method: "POST", headers, body });
    const result = await answer.json();
    if (answer.ok) await show(result);
    else refuse(`It was not tried: ${result.detail}`);
  } catch {
    refuse("It was not tried: the dashboard does not answer.");
  }
  button.disabled = false;
}

/** @param {string} message */
function refuse(message) {
  said.className = "bad";
  said.textContent = message;
}

/** @param {{format: string, width: number, height: number, bytes: number, draft: Tried, current: Tried | null}} result */
async function show({ format, width, height, bytes, draft, current }) {
  said.textContent = `${format}, ${width} × ${height}, ${inBytes(bytes)}. ${summary(draft, current)}${leftOut(draft)}`;
  place.replaceChildren(table(draft, current));
  for (const [one, other] of pairs(draft, current)) {
    const row = document.createElement("div");
    row.className = "pair wide";
    const figures = [[other, form.dataset.name ?? ""], [one, "this text"]];
    for (const [variant, label] of /** @type {[TriedVariant | undefined, string][]} */ (figures))
      if (variant?.picture) row.append(await figure(variant, label));
    if (row.children.length) place.append(row);
  }
}

/** @param {Tried} draft @param {Tried | null} current */
function summary(draft, current) {
  if (draft.problem) return `This text makes nothing of it: ${draft.problem}.`;
  if (!current) return `This text: ${inBytes(draft.bytes)} in ${draft.milliseconds.toLocaleString()} ms.`;
  if (current.problem) return `${form.dataset.name} makes nothing of it: ${current.problem}.`;
  const time = change(current.milliseconds, draft.milliseconds);
  return `Bytes: ${change(current.bytes, draft.bytes)}. Milliseconds: ${time}.`;
}

/** @param {Tried} draft */
const leftOut = ({ lazy = [] }) => (lazy.length ? ` Lazy, and left out as at an upload: ${lazy.join(", ")}.` : "");

/** @param {Tried} draft @param {Tried | null} current */
function table(draft, current) {
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "What the recipes made");
  const rows = scroll.appendChild(document.createElement("table"));
  rows.createTHead().append(line("th", ["Variant", form.dataset.name ?? "", "made", "This text", "made", "Change"]));
  const body = rows.createTBody();
  for (const [one, other] of pairs(draft, current)) {
    const shared = one && other ? change(other.bytes, one.bytes) : "";
    body.append(line("td", [(one ?? other)?.name ?? "", ...facts(other), ...facts(one), shared]));
  }
  const all = (/** @type {Tried | null} */ tried) => (tried ? [inBytes(tried.bytes), milliseconds(tried)] : ["–", ""]);
  const changed = current ? change(current.bytes, draft.bytes) : "";
  body.append(line("td", ["all", ...all(current), ...all(draft), changed]));
  return scroll;
}

/** @param {Tried} tried */
const milliseconds = (tried) => `${tried.milliseconds.toLocaleString()} ms`;

/** @param {TriedVariant | undefined} variant */
const facts = (variant) =>
  variant ? [inBytes(variant.bytes), `${variant.format}, ${variant.width} × ${variant.height}`] : ["–", ""];

/** @param {"th" | "td"} kind @param {string[]} cells */
function line(kind, cells) {
  const row = document.createElement("tr");
  cells.forEach((cell, number) => {
    const element = document.createElement(number === 0 ? "th" : kind);
    if (number === 0 || kind === "th") element.setAttribute("scope", kind === "th" ? "col" : "row");
    element.textContent = cell;
    row.append(element);
  });
  return row;
}

/** The policy of the page admits only pictures of its own address; a canvas needs no address. */
async function figure(/** @type {TriedVariant} */ variant, /** @type {string} */ label) {
  const bytes = Uint8Array.from(atob(variant.picture ?? ""), (character) => character.charCodeAt(0));
  const blob = new Blob([bytes], { type: variant.content_type });
  const whole = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = `${variant.name} by ${label}: ${inBytes(variant.bytes)}`;
  try {
    const bitmap = await createImageBitmap(blob, { resizeWidth: Math.min(variant.width, WIDEST), resizeQuality: "high" });
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", caption.textContent);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    whole.append(canvas);
  } catch {
    caption.textContent += "; this browser does not show it";
  }
  whole.append(caption);
  return whole;
}
