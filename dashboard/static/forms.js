// @ts-check
// Before a form is sent: an action that cannot be undone is confirmed, and the session must last and the dashboard answer.
// Else the page stays, with all that was typed.

import { announce } from "./announce.js";
import { endIsShown, presentSession, showEnd, take } from "./session.js";

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

/** Milliseconds in which the second click of a double click comes. */
const DOUBLE_CLICK = 1_000;

/** Forms for which the session is being asked for. @type {WeakSet<HTMLFormElement>} */
const asking = new WeakSet();
/** The buttons that have just sent a form, and forms that were sent without a button. @type {WeakSet<HTMLElement>} */
const pressed = new WeakSet();

/** @param {HTMLFormElement} form */
const guarded = (form) =>
  form.method === "post" && !form.hasAttribute("hx-post") && form.elements.namedItem("csrf_token") !== null;

// This listener follows the one that confirms.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.dataset.checked) return;
  if ("unguarded" in form.dataset) {
    event.preventDefault();
    if (!asking.has(form)) signOut(form, event.submitter);
    return;
  }
  if (!guarded(form)) return;
  // The sign-in page has no session yet.
  if (!document.body.dataset.user) return;
  event.preventDefault();
  // A second click while the first is under way sends nothing. Another button may: a download keeps this page.
  if (!asking.has(form) && !pressed.has(event.submitter ?? form)) send(form, event.submitter);
});

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  asking.add(form);
  const token = await tokenOf(document.body.dataset.user ?? "");
  asking.delete(form);
  if (!token) {
    // Behind an open dialog, the note and its link could not be reached.
    form.closest("dialog")?.close();
    form.dispatchEvent(new Event("kept"));
    return;
  }
  const button = submitter ?? form;
  pressed.add(button);
  setTimeout(() => pressed.delete(button), DOUBLE_CLICK);
  /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf_token")).value = token;
  form.dataset.checked = form.dataset.confirmed = "yes";
  submit(form, submitter);
  delete form.dataset.checked;
  delete form.dataset.confirmed;
}

/**
 * Signs out, also where the session has ended. Without an answer the browser would replace the page by its own error.
 * @param {HTMLFormElement} form @param {HTMLElement | null} submitter
 */
async function signOut(form, submitter) {
  asking.add(form);
  const session = await presentSession();
  asking.delete(form);
  if (session === undefined) {
    announce("The dashboard does not answer. You are still signed in; try again");
    return;
  }
  form.dataset.checked = "yes";
  submit(form, submitter);
  delete form.dataset.checked;
}

/**
 * The token for requests of this user's present session; empty, with a word about it, if nothing can be sent now.
 * @param {string} user
 */
async function tokenOf(user) {
  const session = await presentSession();
  if (session === undefined) {
    announce("The dashboard does not answer. Nothing was sent; try again");
    return "";
  }
  // The note's link opens another tab, since this page has what was typed.
  showEnd(session === null, { keepsPage: true });
  if (session === null) {
    announce("Nothing was sent, and what you typed is kept. Sign in, then send it again");
    return "";
  }
  if (session.user === user) return session.form_token;
  announce(`You are signed in as ${session.user} now. Load the page again`);
  return "";
}

addEventListener("focus", async () => {
  if (!endIsShown()) return;
  const session = await presentSession();
  if (!session || session.user !== document.body.dataset.user) return;
  showEnd(false, { keepsPage: true });
  take(session);
});
