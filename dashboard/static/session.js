// @ts-check
// The session of the user at this page: whether it lasts, its token for requests, and the note that it has ended.

/** @typedef {{user: string, form_token: string}} Session */

/** Milliseconds in which the dashboard must answer. */
const PATIENCE = 15_000;

const note = () => document.getElementById("ended");

/**
 * Null if the session has ended, undefined if the dashboard does not answer.
 * @returns {Promise<Session | null | undefined>}
 */
export async function presentSession() {
  try {
    const answer = await fetch("/session", { redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.type === "opaqueredirect") return null;
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

/** The token that the requests of this page carry. @returns {string} */
export const formToken = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRF-Token"] ?? "";

/** Whether the note about an ended session is shown. */
export const endIsShown = () => note()?.hidden === false;

/**
 * Shows the note about an ended session, or hides it. Its link keeps a page that has input of the user: it opens the
 * sign-in page in another tab. Else it leads back to this page.
 * @param {boolean} ended @param {{keepsPage: boolean}} how
 */
export function showEnd(ended, { keepsPage }) {
  const place = note();
  if (!place) return;
  place.hidden = !ended;
  const link = place.querySelector("a");
  if (!link) return;
  link.href = keepsPage ? "/sign-in" : `/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}`;
  link.target = keepsPage ? "_blank" : "";
}

/** After a sign-in in another tab, the requests of this page are requests of the new session. @param {Session} session */
export function take(session) {
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": session.form_token }));
  for (const field of document.querySelectorAll("input[name=csrf_token]"))
    /** @type {HTMLInputElement} */ (field).value = session.form_token;
}
