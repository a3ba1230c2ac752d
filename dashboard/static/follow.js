// @ts-check
// Follows topics by server-sent events. A page has one stream, which is opened again with back-off after every failure.
// The server's side is dashboard/following.py.

/**
 * @typedef {Record<string, any>} State
 * @typedef {(state: State, settled: boolean) => void} Listener
 * @typedef {{
 *   onopen: ((event: any) => void) | null,
 *   onerror: ((event: any) => void) | null,
 *   addEventListener: (kind: string, act: (event: any) => void) => void,
 *   close: () => void,
 * }} Source
 * @typedef {{
 *   open: (address: string) => Source,
 *   later: (act: () => void, milliseconds: number) => () => void,
 *   random?: () => number,
 *   onLost?: (lost: boolean, failures: number) => void,
 * }} Surroundings
 */

/** Milliseconds: the first wait after a failure, and the longest. */
export const FIRST_WAIT = 500;
export const LONGEST_WAIT = 30_000;
/** Milliseconds in which several changes of the followed topics open one stream. */
const TOGETHER = 50;
/** Topics of one stream; the server takes no more. */
const MOST_TOPICS = 100;

export class Follower {
  /** @type {Map<string, {listeners: Set<Listener>, last: string, settled: boolean, held: boolean}>} */
  #topics = new Map();
  /** @type {Source | null} */
  #source = null;
  #opened = "";
  #failures = 0;
  #paused = false;
  /** @type {(() => void) | null} */
  #cancel = null;
  #around;

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /**
   * Calls `listener` with every new state of the topic. A held topic is followed even if it is settled: it is
   * about to change.
   * @param {string} topic
   * @param {Listener} listener
   * @param {{held?: boolean}} [how]
   * @returns {() => void} ends it
   */
  follow(topic, listener, { held = false } = {}) {
    const entry = this.#topics.get(topic) ?? { listeners: new Set(), last: "", settled: false, held };
    entry.listeners.add(listener);
    entry.settled = false;
    entry.held ||= held;
    this.#topics.set(topic, entry);
    this.#openSoon(TOGETHER);
    return () => {
      entry.listeners.delete(listener);
      if (!entry.listeners.size && this.#topics.get(topic) === entry) this.#topics.delete(topic);
    };
  }

  /** Ends the hold of a topic: it is followed until it is settled. @param {string} topic */
  release(topic) {
    const entry = this.#topics.get(topic);
    if (!entry?.held) return;
    entry.held = false;
    entry.settled = false;
    this.#openSoon(TOGETHER);
  }

  /** The page went out of sight: no stream. */
  pause() {
    this.#paused = true;
    this.#close();
    this.#cancel?.();
    this.#cancel = null;
  }

  /** The page is in sight again, or the network is back: a stream at once. */
  resume() {
    this.#paused = false;
    this.#failures = 0;
    this.#close();
    this.#openSoon(0);
  }

  /** @param {number} wait */
  #openSoon(wait) {
    if (this.#paused) return;
    this.#cancel?.();
    this.#cancel = this.#around.later(() => {
      this.#cancel = null;
      this.#open();
    }, wait);
  }

  #open() {
    const open = [...this.#topics].filter(([, entry]) => entry.held || !entry.settled).map(([topic]) => topic);
    const topics = open.slice(0, MOST_TOPICS);
    const address = topics.map((topic) => `follow=${encodeURIComponent(topic)}`).join("&");
    if (this.#source && address === this.#opened) return;
    this.#close();
    if (!topics.length) return;
    const source = this.#around.open(`/events?${address}`);
    this.#opened = address;
    this.#source = source;
    source.addEventListener("change", (event) => this.#changed(JSON.parse(event.data)));
    source.onopen = () => this.#around.onLost?.(false, 0);
    // A browser opens a stream anew by itself, but only after some kinds of failure, and without back-off.
    source.onerror = () => this.#source === source && this.#failed();
  }

  #close() {
    this.#source?.close();
    this.#source = null;
    this.#opened = "";
  }

  #failed() {
    this.#close();
    // The server ends a stream when all topics are settled.
    if (![...this.#topics.values()].some((entry) => entry.held || !entry.settled)) return;
    this.#failures += 1;
    this.#around.onLost?.(true, this.#failures);
    const random = this.#around.random ?? Math.random;
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.#failures - 1));
    this.#openSoon(wait * (0.5 + random() / 2));
  }

  /** @param {{topic: string, state: State, settled: boolean}} change */
  #changed({ topic, state, settled }) {
    this.#failures = 0;
    const entry = this.#topics.get(topic);
    if (!entry) return;
    const text = JSON.stringify(state);
    const news = text !== entry.last;
    entry.last = text;
    entry.settled = settled;
    if (news || settled) for (const listener of [...entry.listeners]) listener(state, settled);
    if (settled && !entry.held) this.#openSoon(TOGETHER);
  }
}
