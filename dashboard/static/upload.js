// @ts-check
// The upload page: chosen files go into the queue, their progress is shown, and the batch is closed at the end.

import { announce } from "./announce.js";
import { follower, part } from "./live.js";
import { dropped, lacking, picked } from "./upload-files.js";
import { Memory } from "./upload-memory.js";
import { Uploads } from "./upload-queue.js";
import { api, giveUp, send, signedIn } from "./upload-transfer.js";

/** The most lines of finished files. */
const SHOWN = 200;
/** Bytes up to which a picture of a chosen file is drawn. */
const DRAWN = 40_000_000;

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const form = /** @type {HTMLFormElement} */ (byId("upload"));
const batchField = /** @type {HTMLInputElement} */ (form.elements.namedItem("batch"));
const recipeField = /** @type {HTMLSelectElement} */ (form.elements.namedItem("recipe"));
const total = /** @type {HTMLProgressElement} */ (byId("total"));
const owner = form.dataset.owner ?? "";
const memory = new Memory(owner);
let batch = form.dataset.batch ?? "";
/** Files that wait for a valid name of the batch. @type {import("./upload-files.js").Chosen[]} */
let waiting = [];
/** @type {import("./upload-memory.js").Kept | null} */
let earlier = null;
let follows = false;

const size = (/** @type {number} */ bytes) => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${bytes.toFixed(unit && bytes < 100 ? 1 : 0)} ${units[unit]}`;
};

const duration = (/** @type {number} */ seconds) => {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

const files = (/** @type {number} */ number) => (number === 1 ? "1 file" : `${number.toLocaleString()} files`);

// --- the queue

const uploads = new Uploads({ forms, send, giveUp, changed, idle, later, now: () => Date.now() });

/** @param {() => void} act @param {number} milliseconds */
function later(act, milliseconds) {
  const timer = setTimeout(act, milliseconds);
  return () => clearTimeout(timer);
}

/** @param {import("./upload-queue.js").Entry[]} entries */
async function forms(entries) {
  const kept = (/** @type {any} */ entry) => {
    const parts = memory.kept?.parts[entry.name];
    return parts?.bytes === entry.size && !entry.tries ? { batch, parts } : null;
  };
  const asked = entries.filter((entry) => !kept(entry));
  let answers = [];
  if (asked.length) {
    const listed = asked.map((entry) => ({ name: entry.name, bytes: entry.size, type: entry.type }));
    const body = { files: listed, batch: batch || batchField.value.trim() || null, recipe: recipeField.value };
    const answer = await api("/api/v1/uploads", body);
    began(answer.batch);
    answers = answer.files.map((/** @type {any} */ one) => ({ ...one, batch }));
  }
  follow();
  return entries.map((entry) => {
    const form = kept(entry) ?? answers.shift();
    if (form.parts && memory.kept) {
      memory.kept.parts[entry.name] = { ...form.parts, bytes: entry.size };
      memory.save();
    }
    return form;
  });
}

/** @param {string} name */
function began(name) {
  batch = name;
  batchField.value = batch;
  batchField.readOnly = true;
  recipeField.disabled = true;
  memory.begin(batch, recipeField.value, earlier);
}

/** @param {import("./upload-files.js").Chosen[]} chosen */
function enqueue(chosen) {
  if (!chosen.length) return;
  // An invalid name is reported once, at its field; the files wait.
  if (!batchField.checkValidity()) {
    waiting.push(...chosen);
    byId("batch-why").hidden = false;
    byId("batch-why").textContent = `${files(waiting.length)} will be uploaded when the batch has a name that can be taken: letters, digits and . _ @ + = - without spaces.`;
    batchField.setAttribute("aria-invalid", "true");
    batchField.focus();
    return;
  }
  byId("sending").hidden = false;
  byId("sending-title").textContent = "Uploading";
  byId("spared").hidden = true;
  const fresh = earlier ? lacking(chosen, earlier.sent) : chosen;
  if (earlier) {
    byId("earlier").hidden = true;
    const spared = chosen.length - fresh.length;
    byId("spared").textContent = `${files(spared)} ${spared === 1 ? "was" : "were"} uploaded before`;
    byId("spared").hidden = !spared;
    began(earlier.batch);
  }
  if (fresh.length) uploads.add(fresh);
  else idle();
}

batchField.addEventListener("input", () => {
  if (!batchField.checkValidity()) return;
  byId("batch-why").hidden = true;
  batchField.removeAttribute("aria-invalid");
});
batchField.addEventListener("change", () => {
  if (batchField.checkValidity()) enqueue(waiting.splice(0));
});

// --- the view

/** @type {Map<import("./upload-queue.js").Entry, {row: HTMLElement, badge: HTMLElement, why: HTMLElement,
 *   bar: HTMLProgressElement, drop: HTMLElement}>} */
const rows = new Map();
const LOOKS = { waiting: "queued", queued: "queued", sending: "processing", retrying: "queued", uploaded: "ready", failed: "failed", refused: "failed", cancelled: "queued" };
let drawing = 0;

/** @param {import("./upload-queue.js").Entry | null} entry */
function changed(entry) {
  if (entry) {
    mark(entry);
    if (entry.state === "uploaded") memory.sent(entry.name, entry.size);
  }
  if (!drawing) drawing = requestAnimationFrame(summarise);
}

/** @param {import("./upload-queue.js").Entry} entry */
function mark(entry) {
  const bad = entry.state === "failed" || entry.state === "refused";
  const active = entry.state === "sending" || entry.state === "retrying";
  // Waiting files, and finished files beyond the first hundreds, are shown as numbers. Every failed file has a line.
  if (!rows.has(entry) && !bad && !active && byId("queue").children.length >= SHOWN) return;
  const shown = rows.get(entry) ?? row(entry);
  shown.badge.className = `badge ${LOOKS[entry.state]}`;
  shown.badge.textContent = entry.state === "uploaded" ? `uploaded, ${size(entry.size)}` : entry.state;
  shown.why.textContent = entry.problem;
  shown.why.hidden = !entry.problem;
  shown.bar.hidden = !active;
  shown.drop.hidden = entry.state === "uploaded" || entry.state === "cancelled" || entry.state === "refused";
  // Failed files are on top, then the files under way.
  const place = bad ? byId("problems") : active ? byId("active") : byId("queue");
  if (shown.row.parentElement !== place) place.append(shown.row);
}

/** @param {import("./upload-queue.js").Entry} entry */
function row(entry) {
  const make = (/** @type {string} */ kind, /** @type {string} */ name) => Object.assign(document.createElement(kind), { className: name });
  const line = make("li", "");
  const picture = /** @type {HTMLCanvasElement} */ (make("canvas", "mini"));
  picture.setAttribute("aria-hidden", "true");
  const name = make("bdi", "");
  name.textContent = entry.name;
  name.title = entry.name;
  const badge = make("span", "badge");
  const bar = /** @type {HTMLProgressElement} */ (make("progress", "bar"));
  bar.max = entry.size || 1;
  bar.setAttribute("aria-label", `${entry.name} uploaded`);
  const why = make("span", "why");
  const drop = make("button", "quiet");
  drop.setAttribute("type", "button");
  drop.setAttribute("aria-label", `Cancel ${entry.name}`);
  drop.textContent = "✕";
  drop.addEventListener("click", () => uploads.cancel(entry));
  line.append(picture, name, badge, drop, bar, why);
  const shown = { row: line, badge, why, bar, drop };
  rows.set(entry, shown);
  draw(picture, entry);
  return shown;
}

/** @param {HTMLCanvasElement} canvas @param {import("./upload-queue.js").Entry} entry */
async function draw(canvas, entry) {
  canvas.width = canvas.height = 36;
  if (!entry.type.startsWith("image/") || entry.size > DRAWN || rows.size > SHOWN) return;
  try {
    const bitmap = await createImageBitmap(entry.file, { resizeHeight: 72, resizeQuality: "low" });
    const scale = Math.max(36 / bitmap.width, 36 / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    canvas.getContext("2d")?.drawImage(bitmap, (36 - width) / 2, (36 - height) / 2, width, height);
    bitmap.close();
  } catch {
    // Browsers cannot draw every image.
  }
}

const HELD = {
  "": "",
  paused: "Paused. ",
  offline: "No network: waiting, and going on by itself. ",
  session: "Your session has ended. Sign in in another tab; the upload goes on when you are back here. ",
};

function summarise() {
  drawing = 0;
  for (const [entry, { bar }] of rows) if (!bar.hidden) bar.value = entry.sent;
  const { bytes, sent, speed, left } = uploads.progress();
  total.max = bytes || 1;
  total.value = sent;
  const bad = uploads.count("failed", "refused");
  const open = uploads.count("waiting", "queued", "sending", "retrying");
  const pace = open && speed && !uploads.held ? `, ${size(speed)}/s, ${duration(left ?? 0)} left` : "";
  const meant = uploads.entries.length - uploads.count("cancelled");
  byId("total-text").textContent =
    `${HELD[uploads.held]}${uploads.count("uploaded")} of ${files(meant)}, ${size(sent)} of ${size(bytes)}${pace}` +
    (bad ? `; ${bad} not uploaded` : "");
  const failed = uploads.count("failed");
  byId("retry").hidden = !failed || open > 0;
  byId("close").hidden = !failed || open > 0 || !uploads.count("uploaded");
  byId("pause").hidden = !open || uploads.held === "session";
  byId("pause").textContent = uploads.held === "paused" ? "Go on" : "Pause";
  byId("cancel").hidden = !open;
  byId("session").hidden = uploads.held !== "session";
}

// --- the batch

const topic = () => `batch:${owner}/${batch}`;

function follow() {
  if (follows || !batch) return;
  follows = true;
  const path = `/batches/${encodeURIComponent(owner)}/${encodeURIComponent(batch)}`;
  byId("processing").hidden = false;
  const link = /** @type {HTMLAnchorElement} */ (byId("batch-link"));
  link.hidden = false;
  link.href = path;
  follower.follow(topic(), part(byId("live"), `${path}/live`), { held: true });
}

async function idle() {
  summarise();
  const uploaded = uploads.count("uploaded");
  if (!batch || (!uploaded && !earlier)) return;
  byId("sending-title").textContent = "Uploaded";
  announce(`${files(uploaded)} ${uploaded === 1 ? "is" : "are"} uploaded`);
  // Files that failed through the network may still be sent: the batch is closed with them, or by a click without them.
  if (!uploads.count("failed")) await close();
}

async function close() {
  for (let tries = 0; ; tries++) {
    try {
      await api(`/api/v1/batches/${encodeURIComponent(owner)}/${encodeURIComponent(batch)}/seal`, {});
      break;
    } catch (error) {
      if (tries === 8 || !(error instanceof Error) || error.name === "FinalError") {
        byId("total-text").textContent += `. The batch stays open; it can be closed on its page.`;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(30_000, 1000 * 2 ** tries)));
    }
  }
  memory.forget(batch);
  earlier = null;
  // From here on the page follows until the batch is complete; the next upload holds the topic again.
  follower.release(topic());
  follows = false;
  byId("close").hidden = true;
}

// --- events

const drop = byId("drop");
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer) enqueue(await dropped(event.dataTransfer));
});
for (const kind of ["files", "folder"]) {
  const field = /** @type {HTMLInputElement} */ (byId(kind));
  for (const button of document.querySelectorAll(`[data-pick=${kind}]`)) button.addEventListener("click", () => field.click());
  const take = () => {
    enqueue(picked(field.files ?? []));
    field.value = "";
  };
  field.addEventListener("change", take);
  // The files that were chosen before this script ran.
  take();
}
byId("retry").addEventListener("click", () => uploads.retry());
byId("close").addEventListener("click", () => close());
byId("pause").addEventListener("click", () => (uploads.held === "paused" ? uploads.resume() : uploads.hold("paused")));
byId("cancel").addEventListener("click", () => uploads.cancelAll());
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("beforeunload", (event) => {
  if (uploads.count("waiting", "queued", "sending", "retrying")) event.preventDefault();
});
addEventListener("offline", () => uploads.held || uploads.hold("offline"));
addEventListener("online", () => uploads.held === "offline" && uploads.resume());

async function back() {
  if (uploads.held === "session" && (await signedIn(owner))) uploads.resume();
}
addEventListener("focus", back);
document.addEventListener("visibilitychange", () => document.hidden || back());

// --- the unfinished upload of an earlier page

byId("forget").addEventListener("click", () => {
  if (earlier) memory.forget(earlier.batch);
  earlier = null;
  byId("earlier").hidden = true;
});
memory.unfinished().then((kept) => {
  if (!kept || (batch && kept.batch !== batch) || uploads.entries.length) return;
  earlier = kept;
  byId("earlier").hidden = false;
  byId("earlier-text").textContent = `The upload of ${kept.batch} was interrupted after ${files(Object.keys(kept.sent).length)}. Choose the same files or folder again: only what is missing is uploaded.`;
});
