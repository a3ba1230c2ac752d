// @ts-check
// Selecting tiles: by their boxes, by click in selection mode, a range with Shift, all with Ctrl+A, none with Escape.

import { whenShown } from "./live.js";

const tiles = /** @type {HTMLElement | null} */ (document.querySelector("[data-tiles]"));
const bar = /** @type {HTMLFormElement | null} */ (document.getElementById("selection"));
const choose = document.getElementById("choose");
/** The most ids that the server accepts in one request. */
const MOST = 1500;

if (tiles && bar) start(tiles, bar);
else choose?.remove();

/** @param {HTMLElement} place @param {HTMLFormElement} form */
function start(place, form) {
  /** @type {Set<string>} */
  const selected = new Set();
  let whole = false;
  /** The image of the last click. Its tile, with the box, may be renewed. */
  let last = "";
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const boxes = () => [...place.querySelectorAll(".pick input")].map((box) => /** @type {HTMLInputElement} */ (box));
  const label = /** @type {HTMLElement} */ (document.getElementById("selected"));
  /** Only a page whose filters say which images match has this button. */
  const everything = document.getElementById("select-all");

  const show = () => {
    form.hidden = !selected.size && !whole;
    place.classList.toggle("choosing", !form.hidden || choose?.getAttribute("aria-pressed") === "true");
    label.textContent = whole ? "All that match are selected" : `${selected.size.toLocaleString()} selected`;
    if (everything) everything.hidden = whole;
    field("ids").value = whole ? "" : [...selected].join(",");
    const owner = form.dataset.owner ?? "";
    field("all").value = whole ? `${form.dataset.filters}&owner=${encodeURIComponent(owner)}` : "";
  };

  /** @param {HTMLInputElement} box @param {boolean} on */
  const set = (box, on) => {
    if (on && selected.size >= MOST) on = false;
    box.checked = on;
    if (on) selected.add(box.value);
    else selected.delete(box.value);
  };

  /** Nothing is selected, and a click on a picture opens it again. */
  const clear = () => {
    whole = false;
    choose?.setAttribute("aria-pressed", "false");
    selected.clear();
    for (const box of boxes()) box.checked = false;
    show();
  };

  /** @param {HTMLInputElement} box @param {boolean} range */
  const toggle = (box, range) => {
    const all = boxes();
    // After "all that match", the other boxes of the page stay as they look.
    if (whole) for (const one of all) set(one, one.checked);
    whole = false;
    const on = box.checked;
    const begin = all.findIndex((one) => one.value === last);
    if (range && begin >= 0) {
      const [from, to] = [begin, all.indexOf(box)].sort((a, b) => a - b);
      for (const one of all.slice(from, to + 1)) set(one, on);
    } else set(box, on);
    last = box.value;
    show();
  };

  /** All of a group but its first. @param {HTMLElement} group */
  const others = (group) => {
    whole = false;
    for (const box of [...group.querySelectorAll(".pick input")].slice(1)) set(/** @type {HTMLInputElement} */ (box), true);
    show();
  };

  place.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("[data-others]")) return others(/** @type {HTMLElement} */ (target.closest("[data-group]")));
    const own = /** @type {HTMLInputElement | null} */ (target.closest(".pick input"));
    if (own) return toggle(own, event.shiftKey);
    const link = target.closest(".tile a");
    const choosing = choose?.getAttribute("aria-pressed") === "true" || event.ctrlKey || event.metaKey || event.shiftKey;
    if (!link || !choosing) return;
    // In selection mode, or with a key, a click on the picture selects.
    event.preventDefault();
    const box = /** @type {HTMLInputElement} */ (link.parentElement?.querySelector(".pick input"));
    box.checked = !box.checked;
    toggle(box, event.shiftKey);
  });
  choose?.addEventListener("click", () => {
    const on = choose.getAttribute("aria-pressed") !== "true";
    if (!on) return clear();
    choose.setAttribute("aria-pressed", "true");
    show();
  });
  everything?.addEventListener("click", () => {
    whole = true;
    for (const box of boxes()) box.checked = true;
    show();
  });
  /** Closes the open menu of the bar, if there is one. */
  const closeMenus = () => {
    const open = form.querySelector(".menu[open]");
    open?.removeAttribute("open");
    return open !== null;
  };
  addEventListener("click", (event) => {
    if (!(event.target instanceof Element && event.target.closest(".menu, dialog"))) closeMenus();
  });
  document.getElementById("unselect")?.addEventListener("click", clear);
  addEventListener("keydown", (event) => {
    const typing = /** @type {HTMLElement} */ (event.target).matches?.("input:not([type=checkbox]), select, textarea");
    if (typing || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && !closeMenus()) clear();
    if ((event.ctrlKey || event.metaKey) && event.key === "a") {
      event.preventDefault();
      for (const box of boxes()) set(box, true);
      show();
    }
  });
  // By itself, Enter in a field presses the first button of the form, which is another menu's.
  form.addEventListener("keydown", (event) => {
    const field = /** @type {HTMLElement} */ (event.target).closest(".menu input");
    if (event.key !== "Enter" || event.isComposing || !field) return;
    event.preventDefault();
    /** @type {HTMLElement | null | undefined} */ (field.closest(".menu")?.querySelector("button[formaction]"))?.click();
  });
  // The action is under way: another page follows it.
  form.addEventListener("submit", (event) => {
    const button = /** @type {HTMLElement} */ (/** @type {SubmitEvent} */ (event).submitter);
    // Only the field of this action must be right. The server would refuse it on another page, and the selection be lost.
    const fault = button?.closest(".menu")?.querySelector("input");
    fault?.setCustomValidity(fault.value.trim() ? "" : "Type something here first.");
    if (fault && !fault.reportValidity()) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const some = selected.size === 1 ? "1 image" : `${selected.size.toLocaleString()} images`;
    const number = whole ? "all images that match" : some;
    if (button?.dataset.ask) {
      form.dataset.confirm = button.dataset.ask.replace("the selected images", number);
      form.dataset.confirmText = button.dataset.askText;
      form.dataset.confirmYes = button.dataset.askYes;
    } else delete form.dataset.confirm;
  }, { capture: true });
  // A tile that is loaded or renewed shows whether its image is selected. An image that is gone is not.
  whenShown((root) => {
    for (const box of root.querySelectorAll(".pick input"))
      /** @type {HTMLInputElement} */ (box).checked = whole || selected.has(/** @type {HTMLInputElement} */ (box).value);
  });
  place.addEventListener("gone", (event) => {
    selected.delete(/** @type {CustomEvent} */ (event).detail);
    show();
  });
  show();
}
