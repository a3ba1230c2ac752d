// @ts-check
// One line for people: it is shown for some seconds, and screen readers read it.

/** Milliseconds for which a line is shown. */
const SHOWN = 6000;
let timer = 0;

/** @param {string} text */
export function announce(text) {
  const place = document.getElementById("announce");
  if (!place) return;
  place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => (place.textContent = ""), SHOWN);
}
