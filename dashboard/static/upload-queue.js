// @ts-check
// The queue of an upload: it requests forms in advance, sends several files at once, repeats failed files for minutes,
// and stops while the network is gone. It can be paused and cancelled. It uses no page and no network; see upload.js.

/**
 * @typedef {"waiting" | "queued" | "sending" | "retrying" | "uploaded" | "failed" | "refused" | "cancelled"} Stage
 * @typedef {{name: string, size: number, type: string, file: any, state: Stage, sent: number, problem: string,
 *   tries: number, failingSince: number, form: any, cancel: (() => void) | null}} Entry
 * @typedef {{
 *   forms: (entries: Entry[]) => Promise<any[]>,
 *   send: (entry: Entry, onSent: (bytes: number) => void, onCancel: (cancel: () => void) => void) => Promise<void>,
 *   giveUp: (entry: Entry) => void,
 *   changed: (entry: Entry | null) => void,
 *   idle: () => void,
 *   later: (act: () => void, milliseconds: number) => () => void,
 *   now: () => number,
 *   random?: () => number,
 * }} Surroundings
 */

export const AT_ONCE = 6;
/** Files of one request for forms, sent when fewer than half as many forms are left: forms are valid for an hour. */
const FORMS_AT_ONCE = 100;
/** Milliseconds for which a file is tried again, and between two tries. */
export const PATIENCE = 10 * 60_000;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** Milliseconds over which the speed is measured. */
const SPEED_OVER = 15_000;

/** An error after which the same file is not tried again. */
export class FinalError extends Error {}
/** The session has ended: no request succeeds until the user signs in. */
export class SessionError extends Error {}
/** The form is no longer valid; with a new form the file can be sent. */
export class StaleError extends Error {}

const OPEN = new Set(["waiting", "queued", "sending", "retrying"]);

export class Uploads {
  /** @type {Entry[]} */
  entries = [];
  /** Why nothing is sent: paused by the user, no network, no session. @type {"" | "paused" | "offline" | "session"} */
  held = "";
  #around;
  #asking = false;
  #asksAgain = 0;
  #running = 0;
  #busy = false;
  /** @type {Map<Entry, () => void>} */
  #waits = new Map();
  /** @type {[number, number][]} */
  #speeds = [];
  #sentBefore = 0;

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /** @param {{file: any, name: string}[]} files */
  add(files) {
    const fresh = files.map(({ file, name }) => this.#entry(file, name));
    this.entries.push(...fresh);
    for (const entry of fresh) this.#around.changed(entry);
    this.#busy = true;
    this.#pump();
    return fresh;
  }

  /** Stops the files under way; sent parts stay. @param {"paused" | "offline" | "session"} why */
  hold(why) {
    this.held = why;
    for (const entry of this.entries) if (entry.state === "sending") entry.cancel?.();
    for (const [entry, cancel] of this.#waits) {
      cancel();
      this.#set(entry, "queued");
    }
    this.#waits.clear();
    this.#around.changed(null);
  }

  resume() {
    this.held = "";
    this.#asksAgain = 0;
    this.#speeds = [];
    for (const [entry, cancel] of this.#waits) {
      cancel();
      this.#set(entry, "queued");
    }
    this.#waits.clear();
    this.#around.changed(null);
    this.#pump();
  }

  /** Sends all failed files again. */
  retry() {
    for (const entry of this.entries)
      if (entry.state === "failed") {
        Object.assign(entry, { form: null, tries: 0, failingSince: 0, problem: "" });
        this.#set(entry, "waiting");
      }
    this.#busy = true;
    this.#pump();
  }

  /** @param {Entry} entry */
  cancel(entry) {
    if (!OPEN.has(entry.state) && entry.state !== "failed") return;
    this.#waits.get(entry)?.();
    this.#waits.delete(entry);
    const { cancel } = entry;
    // A queue with a failed file has ended without closing the batch. It ends again without the file.
    this.#busy ||= entry.state === "failed";
    this.#set(entry, "cancelled");
    cancel?.();
    this.#around.giveUp(entry);
    this.#pump();
  }

  cancelAll() {
    for (const entry of this.entries) this.cancel(entry);
  }

  /** @param {Stage[]} states */
  count(...states) {
    return this.entries.reduce((number, entry) => number + (states.includes(entry.state) ? 1 : 0), 0);
  }

  /** Bytes in all and sent, bytes a second, and seconds left; null while the speed is not known. */
  progress() {
    const meant = this.entries.filter((entry) => entry.state !== "refused" && entry.state !== "cancelled");
    const bytes = meant.reduce((sum, entry) => sum + entry.size, 0);
    const sent = meant.reduce((sum, entry) => sum + entry.sent, 0);
    const now = this.#around.now();
    this.#speeds = this.#speeds.filter(([at]) => now - at <= SPEED_OVER);
    this.#speeds.push([now, sent]);
    const [began, before] = this.#speeds[0];
    const speed = now - began >= 1000 && sent > before ? ((sent - before) * 1000) / (now - began) : null;
    return { bytes, sent, speed, left: speed ? (bytes - sent) / speed : null };
  }

  /** @param {any} file @param {string} name @returns {Entry} */
  #entry(file, name) {
    const { size, type } = file;
    return {
      name, size, type, file, state: "waiting", sent: 0, problem: "", tries: 0, failingSince: 0, form: null, cancel: null,
    };
  }

  /** @param {Entry} entry @param {Stage} state @param {string} [problem] */
  #set(entry, state, problem = entry.problem) {
    entry.state = state;
    entry.problem = state === "uploaded" || state === "sending" ? "" : problem;
    if (state === "uploaded") entry.sent = entry.size;
    else if (!entry.form?.parts) entry.sent = 0;
    entry.cancel = null;
    this.#around.changed(entry);
  }

  #pump() {
    if (!this.held) {
      this.#askAhead();
      while (this.#running < AT_ONCE) {
        const entry = this.entries.find((one) => one.state === "queued");
        if (!entry) break;
        this.#start(entry);
      }
    }
    if (this.#busy && !this.#asking && !this.#running && !this.entries.some((entry) => OPEN.has(entry.state))) {
      this.#busy = false;
      this.#around.idle();
    }
  }

  async #askAhead() {
    if (this.#asking || this.count("queued") > FORMS_AT_ONCE / 2) return;
    const some = this.entries.filter((entry) => entry.state === "waiting").slice(0, FORMS_AT_ONCE);
    if (!some.length) return;
    this.#asking = true;
    try {
      const forms = await this.#around.forms(some);
      this.#asksAgain = 0;
      some.forEach((entry, number) => {
        if (entry.state !== "waiting") return;
        const form = forms[number];
        if (form.refused) this.#set(entry, "refused", `Not uploaded: ${form.refused}.`);
        else {
          entry.form = form;
          this.#set(entry, "queued");
        }
      });
      this.#asking = false;
      this.#pump();
    } catch (error) {
      this.#asking = false;
      this.#notAsked(some, error);
    }
  }

  /** @param {Entry[]} some @param {any} error */
  #notAsked(some, error) {
    if (error instanceof SessionError) this.hold("session");
    else if (error instanceof FinalError) {
      for (const entry of some) if (entry.state === "waiting") this.#set(entry, "failed", error.message);
      this.#pump();
    } else {
      this.#asksAgain += 1;
      this.#around.later(() => this.#pump(), this.#wait(this.#asksAgain));
    }
  }

  /** @param {Entry} entry */
  async #start(entry) {
    this.#running += 1;
    this.#set(entry, "sending");
    const cancelled = () => entry.state !== "sending";
    try {
      await this.#around.send(
        entry,
        (bytes) => {
          if (cancelled()) return;
          entry.sent = Math.min(bytes, entry.size);
          entry.failingSince = 0;
          this.#around.changed(null);
        },
        (cancel) => (entry.cancel = cancel),
      );
      if (!cancelled()) this.#set(entry, "uploaded");
    } catch (error) {
      if (!cancelled()) this.#failed(entry, error);
    }
    this.#running -= 1;
    this.#pump();
  }

  /** @param {Entry} entry @param {any} error */
  #failed(entry, error) {
    const now = this.#around.now();
    if (this.held) return this.#set(entry, "queued");
    if (error instanceof SessionError) {
      this.#set(entry, "queued");
      return this.hold("session");
    }
    if (error instanceof FinalError) return this.#set(entry, "failed", error.message);
    if (error instanceof StaleError) {
      entry.form = null;
      if (entry.tries > 2) return this.#set(entry, "failed", error.message);
      entry.tries += 1;
      return this.#set(entry, "waiting");
    }
    entry.failingSince ||= now;
    entry.tries += 1;
    if (now - entry.failingSince > PATIENCE) return this.#set(entry, "failed", error.message);
    const wait = this.#wait(entry.tries);
    this.#set(entry, "retrying", `${error.message} It is tried again in ${Math.ceil(wait / 1000)} s.`);
    const again = () => {
      this.#waits.delete(entry);
      this.#set(entry, "queued");
      this.#pump();
    };
    this.#waits.set(entry, this.#around.later(again, wait));
  }

  /** @param {number} tries */
  #wait(tries) {
    const random = this.#around.random ?? Math.random;
    return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1)) * (0.5 + random() / 2);
  }
}
