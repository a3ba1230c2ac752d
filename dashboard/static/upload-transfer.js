// @ts-check
// Sends one file to S3: by a form, or in parts by links that the API signs. Also calls the API, across sessions.

import { formToken, presentSession, take } from "./session.js";
import { FinalError, SessionError, StaleError } from "./upload-queue.js";

/** Parts of one file at once; the queue sends several files. */
const PARTS_AT_ONCE = 2;
const LINKS_AT_ONCE = 20;

/** Whether the same user as before is signed in (again). @param {string} user */
export async function signedIn(user) {
  const session = await presentSession();
  if (session?.user !== user) return false;
  take(session);
  return true;
}

/** @param {string} path @param {any} body */
export async function api(path, body) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": formToken() };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (answer.status === 401 || answer.status === 403) throw new SessionError("Your session has ended.");
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const why = said.detail ?? `the dashboard answered ${answer.status}`;
  if (answer.status === 404) throw new StaleError(why);
  throw answer.status >= 500 || [409, 429].includes(answer.status) ? new Error(why) : new FinalError(why);
}

/**
 * @param {string} method @param {string} address @param {FormData | Blob} body
 * @param {(bytes: number) => void} onSent @param {(cancel: () => void) => void} onCancel
 * @returns {Promise<void>}
 */
function transfer(method, address, body, onSent, onCancel) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.upload.addEventListener("progress", (event) => onSent(event.loaded));
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(refusal(request))));
    request.addEventListener("error", () => reject(new Error("The connection broke off, or the file has changed.")));
    request.addEventListener("abort", () => reject(new Error("Stopped.")));
    onCancel(() => request.abort());
    request.send(body);
  });
}

/** @param {XMLHttpRequest} request */
function refusal(request) {
  const code = /<Code>(\w+)<\/Code>/.exec(request.responseText)?.[1] ?? `status ${request.status}`;
  const why = `Storage refused it: ${code}.`;
  // A form that has expired is AccessDenied too.
  if (request.status === 403 || code === "NoSuchUpload" || code === "ExpiredToken") return new StaleError(why);
  return request.status >= 500 || request.status === 408 || request.status === 429 ? new Error(why) : new FinalError(why);
}

/**
 * @param {import("./upload-queue.js").Entry} entry
 * @param {(bytes: number) => void} onSent @param {(cancel: () => void) => void} onCancel
 */
export async function send(entry, onSent, onCancel) {
  if (entry.form.parts) return sendParts(entry, onSent, onCancel);
  const data = new FormData();
  for (const [name, value] of Object.entries(entry.form.fields)) data.append(name, /** @type {string} */ (value));
  // S3 ignores every field behind the file.
  data.append("file", entry.file);
  return transfer("POST", entry.form.url, data, onSent, onCancel);
}

/** The body of a request about an upload in parts. @param {import("./upload-queue.js").Entry} entry */
const about = (entry) => ({
  batch: entry.form.batch,
  name: entry.name,
  upload_id: entry.form.parts.upload_id,
  bytes: entry.size,
});

/**
 * Sends the parts that are missing. An interruption costs only the part that was being sent.
 * @param {import("./upload-queue.js").Entry} entry
 * @param {(bytes: number) => void} onSent @param {(cancel: () => void) => void} onCancel
 */
async function sendParts(entry, onSent, onCancel) {
  const { parts } = entry.form;
  const done = new Set((await api("/api/v1/uploads/parts", about(entry))).stored);
  const size = (/** @type {number} */ number) => Math.min(parts.part_bytes, entry.size - (number - 1) * parts.part_bytes);
  const missing = Array.from({ length: parts.count }, (_, index) => index + 1).filter((number) => !done.has(number));
  let stored = [...done].reduce((sum, number) => sum + size(number), 0);
  /** @type {Map<number, number>} */
  const underWay = new Map();
  const tell = () => onSent(stored + [...underWay.values()].reduce((sum, bytes) => sum + bytes, 0));
  /** @type {Set<() => void>} */
  const cancels = new Set();
  let stopped = false;
  const stop = () => {
    stopped = true;
    for (const cancel of cancels) cancel();
  };
  onCancel(stop);
  tell();
  /** @type {Record<string, string>} */
  let links = {};
  /** @type {Promise<void>} */
  let asking = Promise.resolve();
  const link = async (/** @type {number} */ number) => {
    asking = asking.then(async () => {
      if (links[number]) return;
      const numbers = [number, ...missing.slice(0, LINKS_AT_ONCE - 1)];
      links = (await api("/api/v1/uploads/parts", { ...about(entry), numbers })).urls;
    });
    await asking;
    return links[number];
  };
  const work = async () => {
    for (let number = missing.shift(); number !== undefined && !stopped; number = missing.shift()) {
      const from = (number - 1) * parts.part_bytes;
      const mine = number;
      const address = await link(mine);
      let cancel = () => {};
      try {
        const body = entry.file.slice(from, from + size(mine));
        const onPart = (/** @type {number} */ bytes) => {
          underWay.set(mine, bytes);
          tell();
        };
        await transfer("PUT", address, body, onPart, (act) => cancels.add((cancel = act)));
        stored += size(mine);
      } finally {
        cancels.delete(cancel);
        underWay.delete(mine);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work));
  } catch (error) {
    stop();
    throw error;
  }
  if (stopped) throw new Error("Stopped.");
  await api("/api/v1/uploads/complete", about(entry));
}

/** @param {import("./upload-queue.js").Entry} entry */
export function giveUp(entry) {
  if (entry.form?.parts) api("/api/v1/uploads/abort", about(entry)).catch(() => {});
}
