import assert from "node:assert/strict";
import { test } from "node:test";
import { AT_ONCE, FinalError, PATIENCE, SessionError, StaleError, Uploads } from "../../../../dashboard/static/upload-queue.js";
import { lacking } from "../../../../dashboard/static/upload-files.js";

/** A page whose clock and network the test moves. `answer` decides what becomes of each try to send. */
function page(answer = () => undefined, refuse = () => null) {
  const timers = [];
  const tries = [];
  const asked = [];
  const given = [];
  let now = 0;
  let idle = 0;
  const around = {
    forms: async (entries) => {
      asked.push(entries.length);
      return entries.map((entry) => ({ refused: refuse(entry) }));
    },
    send: (entry, onSent, onCancel) =>
      new Promise((resolve, reject) => {
        tries.push(entry.name);
        onCancel(() => reject(new Error("stopped")));
        const verdict = answer(entry, tries.filter((name) => name === entry.name).length, onSent);
        if (verdict instanceof Error) reject(verdict);
        else if (verdict !== "hangs") resolve();
      }),
    giveUp: (entry) => given.push(entry.name),
    changed: () => {},
    idle: () => idle++,
    later: (act, milliseconds) => {
      const timer = { at: now + milliseconds, act };
      timers.push(timer);
      return () => timers.includes(timer) && timers.splice(timers.indexOf(timer), 1);
    },
    now: () => now,
    random: () => 1,
  };
  const uploads = new Uploads(around);
  const settle = async () => {
    for (let turn = 0; turn < 50; turn++) await null;
    await new Promise((resolve) => setImmediate(resolve));
  };
  const pass = async (milliseconds) => {
    const until = now + milliseconds;
    for (;;) {
      await settle();
      const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      now = next.at;
      timers.splice(timers.indexOf(next), 1);
      next.act();
    }
    now = until;
    await settle();
  };
  const files = (number) => Array.from({ length: number }, (_, n) => ({ name: `${n}.jpg`, file: { size: 10, type: "image/jpeg" } }));
  return { uploads, pass, tries, asked, given, files, idle: () => idle, states: () => uploads.entries.map((one) => one.state) };
}

test("a line that breaks for minutes fails no file", async () => {
  let down = true;
  const { uploads, pass, files, states, idle } = page(() => (down ? new Error("The connection broke off.") : undefined));
  uploads.add(files(20));
  await pass(PATIENCE - 60_000);
  assert.ok(states().every((state) => state !== "failed"), states().join());
  down = false;
  await pass(60_000);
  assert.deepEqual([uploads.count("uploaded"), idle()], [20, 1]);
});

test("what cannot be sent for ten minutes has failed, and can be tried again with a new form", async () => {
  let down = true;
  const { uploads, pass, files, states, asked } = page(() => (down ? new Error("broken") : undefined));
  uploads.add(files(1));
  await pass(PATIENCE + 120_000);
  assert.deepEqual(states(), ["failed"]);
  down = false;
  uploads.retry();
  await pass(1000);
  assert.deepEqual([states(), asked], [["uploaded"], [1, 1]]);
});

test("a refusal that will not change is not repeated", async () => {
  const { uploads, pass, files, tries } = page(() => new FinalError("EntityTooLarge"));
  uploads.add(files(1));
  await pass(60_000);
  assert.deepEqual([uploads.entries[0].state, tries.length], ["failed", 1]);
});

test("a form that has expired is asked for anew", async () => {
  const { uploads, pass, files, asked } = page((_, attempt) => (attempt === 1 ? new StaleError("AccessDenied") : undefined));
  uploads.add(files(1));
  await pass(1000);
  assert.deepEqual([uploads.entries[0].state, asked.length], ["uploaded", 2]);
});

test("without a network nothing is tried, and it goes on when the network is back", async () => {
  const { uploads, pass, files, tries, states } = page(() => (uploads.held ? new Error("x") : undefined));
  uploads.hold("offline");
  uploads.add(files(3));
  await pass(3_600_000);
  assert.equal(tries.length, 0);
  uploads.resume();
  await pass(1000);
  assert.deepEqual(states(), ["uploaded", "uploaded", "uploaded"]);
});

test("pausing stops what is under way, and nothing of it has failed", async () => {
  let hangs = true;
  const { uploads, pass, files, states } = page(() => (hangs ? "hangs" : undefined));
  uploads.add(files(10));
  await pass(1000);
  assert.equal(uploads.count("sending"), AT_ONCE);
  uploads.hold("paused");
  await pass(100_000);
  assert.ok(states().every((state) => state === "queued"), states().join());
  hangs = false;
  uploads.resume();
  await pass(1000);
  assert.equal(uploads.count("uploaded"), 10);
});

test("what is cancelled is given up, and the rest goes on", async () => {
  const { uploads, pass, files, given, idle } = page((entry) => (entry.name === "0.jpg" ? "hangs" : undefined));
  uploads.add(files(3));
  await pass(1000);
  uploads.cancel(uploads.entries[0]);
  await pass(1000);
  assert.deepEqual([uploads.count("uploaded"), uploads.count("cancelled"), given, idle()], [2, 1, ["0.jpg"], 1]);
});

test("the queue is idle again when its last failed file is cancelled, so that the batch can be closed", async () => {
  const { uploads, pass, files, idle } = page((entry) => (entry.name === "0.jpg" ? new FinalError("too large") : undefined));
  uploads.add(files(2));
  await pass(1000);
  assert.deepEqual([uploads.count("failed"), idle()], [1, 1]);
  uploads.cancel(uploads.entries[0]);
  await pass(1000);
  assert.deepEqual([uploads.count("failed"), idle()], [0, 2]);
});

test("an ended session holds the queue until somebody has signed in; the files are still chosen", async () => {
  let ended = true;
  const { uploads, pass, files, states } = page(() => (ended ? new SessionError("ended") : undefined));
  uploads.add(files(2));
  await pass(60_000);
  assert.deepEqual([uploads.held, states()], ["session", ["queued", "queued"]]);
  ended = false;
  uploads.resume();
  await pass(1000);
  assert.deepEqual(states(), ["uploaded", "uploaded"]);
});

test("forms of many files are asked for ahead of need, not all at the beginning", async () => {
  const { uploads, pass, files, asked } = page(() => "hangs");
  uploads.add(files(1000));
  await pass(1000);
  assert.deepEqual(asked, [100]);
});

test("what is refused says why", async () => {
  const { uploads, pass, files } = page(undefined, () => "it is empty");
  uploads.add(files(1));
  await pass(10);
  assert.deepEqual([uploads.entries[0].state, uploads.entries[0].problem], ["refused", "Not uploaded: it is empty."]);
});

test("speed and time left are over the last seconds", async () => {
  let tell = () => {};
  const { uploads, pass } = page((entry, _, onSent) => ((tell = onSent), "hangs"));
  uploads.add([{ name: "a", file: { size: 100_000, type: "" } }]);
  await pass(10);
  uploads.progress();
  await pass(10_000);
  tell(50_000);
  const { speed, left } = uploads.progress();
  assert.deepEqual([Math.round(speed), Math.round(left)], [5000, 10]);
});

test("of the files of an interrupted upload only those that are missing or have changed are taken", () => {
  const files = [
    { name: "a", file: { size: 1 } },
    { name: "b", file: { size: 2 } },
    { name: "c", file: { size: 3 } },
  ];
  assert.deepEqual(lacking(files, { a: 1, b: 99 }).map((one) => one.name), ["b", "c"]);
});
