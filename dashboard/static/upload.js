// Uploading: files from a drop, a picker or a folder; forms from the API; each file straight to S3, several at once.

import { follower, part } from "./live.js";

const AT_ONCE = 6;
const FORMS_AT_ONCE = 100;
const TRIES = 3;
const SHOWN = 500;

const form = document.getElementById("upload");
const byId = (id) => document.getElementById(id);
const headers = { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")) };
const owner = form.dataset.owner;
const entries = [];
let batch = null;
let running = 0;
let following = false;
let queueing = Promise.resolve();

const size = (bytes) => {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${bytes.toFixed(unit && bytes < 100 ? 1 : 0)} ${units[unit]}`;
};

// --- what is to be uploaded

async function filesOf(entry, path) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: path + file.name }];
  }
  const reader = entry.createReader();
  const found = [];
  // readEntries gives a hundred at a time, and nothing when there are no more.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const one of some) found.push(...(await filesOf(one, `${path}${entry.name}/`)));
  }
}

async function dropped(transfer) {
  // The list is emptied as soon as this turn ends: take the entries first.
  const roots = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  for (const root of roots) found.push(...(await filesOf(root, "")));
  return found;
}

const visible = ({ name }) => !name.split("/").some((part) => part.startsWith(".") || part === "Thumbs.db");

function enqueue(found) {
  const fresh = found.filter(visible).map(({ file, name }) => ({ file, name, sent: 0, state: "waiting" }));
  if (!fresh.length) return;
  byId("sending").hidden = false;
  for (const entry of fresh) show(entry);
  entries.push(...fresh);
  tell();
  queueing = queueing.then(() => prepare(fresh));
}

// --- forms

async function prepare(fresh) {
  for (let start = 0; start < fresh.length; start += FORMS_AT_ONCE) {
    const some = fresh.slice(start, start + FORMS_AT_ONCE);
    try {
      await askForms(some);
    } catch (error) {
      for (const entry of some) settle(entry, "failed", error.message);
    }
    pump();
  }
  pump();
}

async function askForms(some) {
  const files = some.map(({ file, name }) => ({ name, bytes: file.size, type: file.type }));
  const asked = { files, batch: batch ?? (form.batch.value.trim() || null), recipe: form.recipe.value };
  const answer = await api("/api/v1/uploads", asked);
  batch = answer.batch;
  form.batch.value = batch;
  form.batch.readOnly = true;
  form.recipe.disabled = true;
  answer.files.forEach((made, number) => {
    const entry = some[number];
    if (made.refused) settle(entry, "refused", `Not uploaded: ${made.refused}.`);
    else Object.assign(entry, { url: made.url, fields: made.fields, imageId: made.image_id, state: "queued" });
  });
  watch();
}

async function api(path, body) {
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (response.status === 401) location.assign("/sign-in?next=/upload");
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}

// --- sending

function pump() {
  while (running < AT_ONCE) {
    const entry = entries.find((one) => one.state === "queued");
    if (!entry) break;
    entry.state = "sending";
    running++;
    send(entry).finally(() => {
      running--;
      pump();
    });
  }
  if (!running && !entries.some((one) => ["waiting", "queued", "sending"].includes(one.state))) finished();
}

async function send(entry) {
  for (let attempt = 1; ; attempt++) {
    try {
      await post(entry);
      return settle(entry, "uploaded");
    } catch (error) {
      if (error.final || attempt === TRIES) return settle(entry, "failed", error.message);
      entry.sent = 0;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt * (0.5 + Math.random())));
    }
  }
}

function post(entry) {
  return new Promise((resolve, reject) => {
    const data = new FormData();
    for (const [name, value] of Object.entries(entry.fields)) data.append(name, value);
    // S3 ignores every field behind the file.
    data.append("file", entry.file);
    const request = new XMLHttpRequest();
    request.open("POST", entry.url);
    request.upload.addEventListener("progress", (event) => {
      entry.sent = Math.min(event.loaded, entry.file.size);
      tell();
    });
    const fail = (message, final) => reject(Object.assign(new Error(message), { final }));
    request.addEventListener("load", () => {
      if (request.status < 300) return resolve();
      const code = /<Code>(\w+)<\/Code>/.exec(request.responseText)?.[1] ?? `status ${request.status}`;
      fail(`Storage refused it: ${code}.`, request.status < 500 && request.status !== 408);
    });
    request.addEventListener("error", () => fail("The connection broke off, or the file cannot be read any more.", false));
    request.send(data);
  });
}

// --- showing

function show(entry) {
  // Tens of thousands of lines help nobody; those that fail are shown, however late they come.
  if (byId("queue").children.length >= SHOWN && entry.state === "waiting") return;
  const row = document.createElement("li");
  const name = document.createElement("bdi");
  name.textContent = entry.name;
  name.title = entry.name;
  const badge = document.createElement("span");
  const why = document.createElement("span");
  why.className = "why";
  why.hidden = true;
  row.append(name, badge, why);
  Object.assign(entry, { row, badge, why });
  byId("queue").append(row);
  mark(entry);
}

const LOOKS = { waiting: "queued", queued: "queued", sending: "processing", uploaded: "ready", failed: "failed", refused: "failed" };

function mark(entry) {
  entry.badge.className = `badge ${LOOKS[entry.state]}`;
  entry.badge.textContent = entry.state === "uploaded" ? `uploaded, ${size(entry.file.size)}` : entry.state;
  entry.why.hidden = !entry.problem;
  entry.why.textContent = entry.problem ?? "";
}

function settle(entry, state, problem) {
  entry.state = state;
  entry.problem = problem;
  if (state === "uploaded") entry.sent = entry.file.size;
  if (!entry.row && problem) show(entry);
  if (entry.row) mark(entry);
  tell();
}

let told = 0;
function tell() {
  if (told) return;
  told = requestAnimationFrame(() => {
    told = 0;
    const meant = entries.filter((entry) => entry.state !== "refused");
    const bytes = meant.reduce((sum, entry) => sum + entry.file.size, 0);
    const sent = meant.reduce((sum, entry) => sum + entry.sent, 0);
    const count = (state) => entries.filter((entry) => entry.state === state).length;
    const bad = count("failed") + count("refused");
    byId("total").max = bytes || 1;
    byId("total").value = sent;
    byId("total-text").textContent =
      `${count("uploaded")} of ${entries.length} files, ${size(sent)} of ${size(bytes)}` + (bad ? `; ${bad} not uploaded` : "");
    byId("retry").hidden = !count("failed");
    for (const entry of entries) if (entry.row && entry.badge.textContent !== entry.state && entry.state === "sending") mark(entry);
  });
}

// --- what follows

const topic = () => `batch:${owner}/${batch}`;

function watch() {
  if (following || !batch) return;
  const path = `/batches/${encodeURIComponent(owner)}/${encodeURIComponent(batch)}`;
  byId("processing").hidden = false;
  const link = byId("batch-link");
  link.hidden = false;
  link.href = path;
  following = true;
  follower.follow(topic(), part(byId("live"), `${path}/live`), { held: true });
}

async function finished() {
  const ids = entries.filter((entry) => entry.state === "uploaded").map((entry) => entry.imageId);
  tell();
  if (!ids.length || !batch) return;
  byId("sending-title").textContent = "Uploaded";
  document.getElementById("announce").textContent = `${ids.length} files are uploaded`;
  try {
    await api(`/api/v1/batches/${encodeURIComponent(owner)}/${encodeURIComponent(batch)}/seal`, {});
  } catch (error) {
    byId("total-text").textContent += `. The batch stays open: ${error.message}`;
  }
  // From here on the page follows until the batch is complete; the next upload holds the topic again.
  follower.release(topic());
  following = false;
}

function retry() {
  const again = entries.filter((entry) => entry.state === "failed");
  for (const entry of again) {
    Object.assign(entry, { state: "waiting", problem: null, sent: 0 });
    if (entry.row) mark(entry);
  }
  byId("sending-title").textContent = "Uploading";
  // With new forms: the old ones may have expired.
  queueing = queueing.then(() => prepare(again));
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
  enqueue(await dropped(event.dataTransfer));
});
for (const kind of ["files", "folder"]) {
  document.querySelector(`[data-pick=${kind}]`).addEventListener("click", () => byId(kind).click());
  byId(kind).addEventListener("change", (event) => {
    enqueue([...event.target.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
    event.target.value = "";
  });
}
byId("retry").addEventListener("click", retry);
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("beforeunload", (event) => running && event.preventDefault());
