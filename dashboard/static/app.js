// @ts-check
// Functions for every page: placeholders, the comparing slider, dialogs, copying, and
// filters that apply themselves. The pages also work without this script; live.js follows the server.

import "./forms.js";
import { announce } from "./announce.js";
import { draw } from "./thumbhash.js";
import { finish, whenShown } from "./live.js";
import { showTimes } from "./times.js";

/**
 * @template {HTMLElement} E
 * @param {Element} root
 * @param {string} selector of elements of the kind that `act` takes
 * @param {(element: E) => void} act
 */
const each = (root, selector, act) => {
  for (const element of [root, ...root.querySelectorAll(selector)])
    if (element.matches(selector)) act(/** @type {E} */ (element));
};

/**
 * The closest element around an event's target, or the target itself.
 * @param {Event} event
 * @param {string} selector
 */
const around = (event, selector) => {
  const { target } = event;
  return target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(selector)) : null;
};

/**
 * A part that the template always writes.
 * @template {HTMLElement} E
 * @param {HTMLElement} root
 * @param {string} selector
 */
const part = (root, selector) => /** @type {E} */ (root.querySelector(selector));

/** @param {HTMLCanvasElement} canvas */
function placeholder(canvas) {
  draw(canvas, canvas.dataset.thumbhash ?? "");
  const image = canvas.parentElement?.querySelector("img");
  if (!image) return;
  if (image.complete) {
    canvas.remove();
    return;
  }
  image.classList.add("waiting");
  const show = () => {
    image.classList.remove("waiting");
    // The placeholder would be visible through transparent parts.
    setTimeout(() => canvas.remove(), 300);
  };
  image.addEventListener("load", show, { once: true });
  image.addEventListener("error", () => image.remove(), { once: true });
}

/** Pixels beside the middle of a slider's handle at which a finger takes the handle. */
const GRIP = 40;

/** @param {HTMLElement} figure */
function compare(figure) {
  const layers = part(figure, ".layers");
  const before = part(figure, ".before");
  const after = part(figure, ".after");
  const handle = part(figure, ".handle");
  const range = /** @type {HTMLInputElement} */ (part(figure, "input"));
  const lay = () => {
    before.style.width = `${after.clientWidth}px`;
    before.style.height = `${after.clientHeight}px`;
    before.style.setProperty("--at", `${range.value}%`);
    handle.style.left = `${after.offsetLeft + (after.clientWidth * Number(range.value)) / 100}px`;
  };
  const drag = (/** @type {PointerEvent} */ event) => {
    const box = after.getBoundingClientRect();
    range.value = String(Math.max(0, Math.min(100, ((event.clientX - box.left) / box.width) * 100)));
    lay();
  };
  range.addEventListener("input", lay);
  layers.addEventListener("pointerdown", (event) => {
    // Where a swipe leads to the next image, a finger moves the slider by its handle; a tap moves the handle, too.
    const { left, width } = handle.getBoundingClientRect();
    const beside = Math.abs(event.clientX - left - width / 2) > GRIP;
    if (event.pointerType === "touch" && beside && figure.closest("[data-swipes]")) return;
    layers.setPointerCapture(event.pointerId);
    figure.dataset.dragged = "";
    drag(event);
  });
  for (const end of ["pointerup", "pointercancel"]) layers.addEventListener(end, () => delete figure.dataset.dragged);
  layers.addEventListener("click", (event) => drag(/** @type {PointerEvent} */ (event)));
  layers.addEventListener("pointermove", (event) => layers.hasPointerCapture(event.pointerId) && drag(event));
  layers.addEventListener("dragstart", (event) => event.preventDefault());
  new ResizeObserver(lay).observe(after);
  lay();
}

/** @param {HTMLFormElement} form */
function autoSubmit(form) {
  // By keyboard, a select changes with every arrow key and a date with every digit: Enter or leaving the field applies.
  let typed = false;
  let changed = false;
  const field = "select, input[type=date]";
  form.addEventListener("pointerdown", () => (typed = false));
  form.addEventListener("keydown", (event) => {
    typed = true;
    if (event.key === "Enter" && changed && around(event, field)) form.requestSubmit();
  });
  form.addEventListener("change", (event) => {
    if (!around(event, field)) return;
    if (typed) changed = true;
    else form.requestSubmit();
  });
  form.addEventListener("focusout", (event) => {
    if (changed && around(event, field)) form.requestSubmit();
  });
  // Empty fields would make a long address.
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });
}

/** Copies the text beside a button. @param {HTMLElement} button */
async function copy(button) {
  const field = button.parentElement?.querySelector("[data-select], [data-copy-text]");
  if (!field) return;
  const typed = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
  try {
    await navigator.clipboard.writeText(typed ? field.value : (field.textContent ?? ""));
  } catch {
    // Without https there is no clipboard: the text is selected, so that the user can copy it.
    if (typed) field.select();
    else getSelection()?.selectAllChildren(field);
    announce("Selected; copy it by the keyboard");
    return;
  }
  copied(button);
}

/** Shows for a moment that the text was copied. @param {HTMLElement} button */
function copied(button) {
  const label = [...button.childNodes];
  announce("Copied");
  if (label[0]?.textContent === "Copied") return;
  button.textContent = "Copied";
  setTimeout(() => button.replaceChildren(...label), 1500);
}

/** Copies the text of a button's attribute. @param {HTMLElement} button */
async function copyValue(button) {
  const value = (button.dataset.copyValue ?? "").replaceAll("ORIGIN/", `${location.origin}/`);
  try {
    await navigator.clipboard.writeText(value);
    copied(button);
  } catch {
    prompt("Copy this:", value);
  }
}

document.addEventListener("click", (event) => {
  // The image page walks through the list that it was opened from.
  const list = around(event, ".tile a")?.closest("ul");
  if (list && !event.defaultPrevented) {
    const ids = [...list.querySelectorAll("[data-tile]")].map((tile) => tile.getAttribute("data-tile"));
    sessionStorage.setItem("list", JSON.stringify({ ids, address: location.pathname + location.search }));
  }
  const button = around(event, "button, input");
  if (!button) return;
  if (button.dataset.open) open(button.dataset.open);
  else if ("close" in button.dataset) button.closest("dialog")?.close();
  else if ("copy" in button.dataset) copy(button);
  else if ("copyValue" in button.dataset) copyValue(button);
  else if (button instanceof HTMLInputElement && "select" in button.dataset) button.select();
});

/** Opens a dialog. @param {string} id */
function open(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement) dialog.showModal();
}

whenShown((root) => {
  each(root, "canvas[data-thumbhash]", placeholder);
  each(root, "[data-compare]", compare);
  each(root, "form[data-auto-submit]", autoSubmit);
  showTimes(root);
});
setInterval(() => showTimes(document.body), 30_000);

const theme = document.getElementById("theme");
theme?.addEventListener("click", () => {
  const now = document.documentElement.dataset.theme;
  const next = now === "dark" ? undefined : now === "light" ? "dark" : "light";
  if (next) localStorage.setItem("theme", next);
  else localStorage.removeItem("theme");
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  announce(`Theme: ${next ?? "as the system"}`);
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || around(event, "input, select, textarea")) return;
  if (document.querySelector("dialog[open]")) return;
  const search = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-search]"));
  if (event.key === "?") open("keys");
  else if (event.key === "u" && document.querySelector(".bar")) location.assign("/upload");
  else if (event.key === "/" && search) {
    event.preventDefault();
    search.closest("details")?.setAttribute("open", "");
    search.focus();
  }
});
finish(document.body);
// On a phone the row of tabs scrolls: the present tab must be visible. (After scrollIntoView, Tab would begin there.)
const tab = /** @type {HTMLElement | null} */ (document.querySelector(".bar nav [aria-current]"));
const row = tab?.parentElement;
if (tab && row) row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.clientWidth) / 2;
// For browsers without ::details-content: on wide screens, the parts that are folded for phones are open.
if (matchMedia("(min-width: 641px)").matches)
  each(document.body, ".fold", (/** @type {HTMLDetailsElement} */ fold) => (fold.open = true));
document.body.addEventListener("htmx:load", (event) => finish(/** @type {CustomEvent} */ (event).detail.elt));
// A part that could not be loaded must not look like an empty part.
document.body.addEventListener("htmx:sendError", () => announce("The dashboard does not answer. Try again"));
document.body.addEventListener("htmx:responseError", (event) => {
  const { xhr } = /** @type {CustomEvent} */ (event).detail;
  // An ended session leads to the sign-in page.
  if (xhr.status !== 401) announce(reasonIn(xhr.responseText) || "The dashboard did not answer. Load the page again");
});

/** The sentence of problem details (RFC 9457). @param {string} text */
function reasonIn(text) {
  try {
    const { detail } = JSON.parse(text);
    return detail ? `${detail[0].toUpperCase()}${detail.slice(1)}` : "";
  } catch {
    return "";
  }
}
