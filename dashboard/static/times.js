// @ts-check
// Times for people: near times are relative, others are local times; UTC to the second under the pointer. The days of a
// list are days in UTC, as its filters are: else two groups of one list could have the same day.

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** @param {Date} moment @param {number} now */
export function inWords(moment, now) {
  const seconds = Math.round((moment.getTime() - now) / 1000);
  const away = Math.abs(seconds);
  if (away < 45) return relative.format(seconds, "second");
  if (away < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (away < 12 * 3600) return relative.format(Math.round(seconds / 3600), "hour");
  return local.format(moment);
}

/** @param {Date} moment */
export const dayInWords = (moment) => day.format(moment);

/** @param {HTMLElement} element @param {number} now */
function show(element, now) {
  const moment = new Date(element.getAttribute("datetime") ?? "");
  if (Number.isNaN(moment.getTime())) return;
  element.title ||= element.textContent ?? "";
  const text = "day" in element.dataset ? dayInWords(moment) : inWords(moment, now);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} root */
export function showTimes(root) {
  const now = Date.now();
  for (const element of root.querySelectorAll("time[datetime]")) show(/** @type {HTMLElement} */ (element), now);
}
