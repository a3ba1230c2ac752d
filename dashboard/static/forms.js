// @ts-check
// Before a form is sent: an action that cannot be undone is confirmed, and the session must last and the dashboard answer.
// Else the page stays, with all that was typed.

import { announce } from "./announce.js";

// An action that cannot be undone needs a confirmation. Without scripts the form is sent at once.
const ask = /** @type {HTMLDialogElement | null} */ (document.getElementById("ask"));
const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (ask?.querySelector(selector));

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!ask || !(form instanceof HTMLFormElement) || !form.dataset.confirm || form.dataset.confirmed) return;
  event.preventDefault();
  part("h2").textContent = form.dataset.confirm;
  part("[data-ask-text]").textContent = form.dataset.confirmText ?? "";
  part("[data-ask-yes]").textContent = form.dataset.confirmYes ?? "";
  ask.returnValue = "no";
  const { submitter } = event;
  ask.addEventListener(
    "close",
    () => {
      if (ask.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      submit(form, submitter);
      delete form.dataset.confirmed;
    },
    { once: true },
  );
  ask.showModal();
});

/**
 * A part of the page that follows the server may have been loaded again since the click, without this form.
 * @param {HTMLFormElement} form @param {HTMLElement | null} submitter
 */
function submit(form, submitter) {
  if (!form.isConnected) {
    form.hidden = true;
    document.body.append(form);
  }
  form.requestSubmit(submitter);
}

/** @type {WeakSet<HTMLFormElement>} */
const asking = new WeakSet();

/** @param {HTMLFormElement} form */
const guarded = (form) =>
  form.method === "post" && !form.hasAttribute("hx-post") && !("unguarded" in form.dataset) && form.elements.namedItem("csrf_token") !== null;

// This listener follows the one that confirms.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.dataset.checked || !guarded(form)) return;
  // The sign-in page has no session yet.
  if (!document.body.dataset.user) return;
  event.preventDefault();
  // A second click while the first is under way sends nothing.
  if (!asking.has(form)) send(form, event.submitter);
});

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  asking.add(form);
  try {
    const token = await tokenOf(document.body.dataset.user ?? "");
    if (!token) {
      form.dispatchEvent(new Event("kept"));
      return;
    }
    /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf_token")).value = token;
    form.dataset.checked = form.dataset.confirmed = "yes";
    submit(form, submitter);
    delete form.dataset.checked;
    delete form.dataset.confirmed;
  } finally {
    asking.delete(form);
  }
}

/**
 * The token for requests of this user's present session; empty, with a word about it, if nothing can be sent now.
 * @param {string} user
 */
async function tokenOf(user) {
  let answer;
  try {
    answer = await fetch("/session", { redirect: "manual" });
  } catch {
    announce("The dashboard does not answer. Nothing was sent; try again");
    return "";
  }
  const ended = /** @type {HTMLElement} */ (document.getElementById("ended"));
  ended.hidden = answer.type !== "opaqueredirect";
  if (!ended.hidden) {
    const link = /** @type {HTMLAnchorElement} */ (ended.querySelector("a"));
    // In another tab, since this page has what was typed.
    link.href = "/sign-in";
    link.target = "_blank";
    announce("Nothing was sent, and what you typed is kept. Sign in, then send it again");
    return "";
  }
  if (!answer.ok) {
    announce("The dashboard does not answer. Nothing was sent; try again");
    return "";
  }
  const session = await answer.json();
  if (session.user === user) return String(session.form_token);
  announce(`You are signed in as ${session.user} now. Load the page again`);
  return "";
}
