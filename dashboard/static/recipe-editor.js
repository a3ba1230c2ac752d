// @ts-check
// The editor of a recipe: it shows the faults while the user types, and a click on a fault leads to its line.

import { inWords, spanOf } from "./recipe-faults.js";

/** Milliseconds without a keystroke after which the text is checked. */
const PAUSE = 350;

const form = /** @type {HTMLFormElement} */ (document.getElementById("editor"));
const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const verdict = /** @type {HTMLElement} */ (document.getElementById("verdict-text"));
const list = /** @type {HTMLElement} */ (document.getElementById("faults"));
const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf_token"));

/** @type {AbortController | null} */
let asking = null;

async function check() {
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const answer = await fetch("/api/v1/recipes/check", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token.value },
      body: JSON.stringify({ text: field.value }),
      signal: mine.signal,
    });
    const said = await answer.json();
    if (mine.signal.aborted) return;
    if (answer.ok) show(said);
    else say(`It was not checked: ${said.detail}`, "bad");
  } catch {
    if (!mine.signal.aborted) say("It was not checked: the dashboard does not answer.", "bad");
  }
}

/** @param {string} text @param {string} kind */
function say(text, kind) {
  verdict.className = kind;
  // A screen reader would read the same text again and interrupt the user.
  if (verdict.textContent !== text) verdict.textContent = text;
}

/** @param {{right: boolean, name: string | null, variants: string[], faults: import("./recipe-faults.js").Fault[]}} said */
function show({ right, name, variants, faults }) {
  field.setAttribute("aria-invalid", String(!right));
  if (right) say(`Right: ${name} makes ${variants.join(", ")}.`, "good");
  else say(faults.length === 1 ? "One thing is wrong:" : `${faults.length} things are wrong:`, "bad");
  list.replaceChildren(...faults.map(entry));
}

/** @param {import("./recipe-faults.js").Fault} fault */
function entry(fault) {
  const item = document.createElement("li");
  const { line } = fault;
  if (line === null) {
    item.textContent = inWords(fault);
    return item;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = inWords(fault);
  button.addEventListener("click", () => {
    field.focus();
    field.setSelectionRange(...spanOf(field.value, line));
  });
  item.append(button);
  return item;
}

let timer = 0;
field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE);
});

// A wrong click does not lose a typed text.
const begun = field.value;
let sent = false;
form.addEventListener("submit", () => (sent = true));
form.addEventListener("kept", () => (sent = false));
addEventListener("beforeunload", (event) => {
  if (!sent && field.value !== begun) event.preventDefault();
});
check();
