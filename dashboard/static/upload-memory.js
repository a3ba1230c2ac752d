// @ts-check
// The progress of an upload, kept in this browser (IndexedDB), so that after a reload or a crash no file is sent twice.
// The files themselves are not kept: the user chooses them again.

/** @typedef {{batch: string, recipe: string, begun: number, total: number, sent: Record<string, number>,
 *   parts: Record<string, any>}} Kept */

const STORE = "uploads";
const WEEK = 7 * 86_400_000;

/** @param {string} user @returns {Promise<IDBDatabase>} */
const opened = (user) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(`pixelfleet ${user}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "batch" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class Memory {
  /** @param {string} user */
  constructor(user) {
    this.user = user;
    /** @type {Kept | null} */
    this.kept = null;
    this.saving = 0;
  }

  /** The latest upload that did not end, of the last week. @returns {Promise<Kept | null>} */
  async unfinished() {
    const all = await this.#run("readonly", (store) => done(store.getAll()));
    const young = (all ?? []).filter((one) => Date.now() - one.begun < WEEK).sort((a, b) => b.begun - a.begun);
    return young[0] ?? null;
  }

  /** @param {string} batch @param {string} recipe @param {Kept | null} [earlier] */
  begin(batch, recipe, earlier) {
    if (this.kept?.batch === batch) return;
    this.kept = { batch, recipe, begun: Date.now(), total: 0, sent: earlier?.sent ?? {}, parts: earlier?.parts ?? {} };
  }

  /** @param {string} name @param {number} size */
  sent(name, size) {
    if (!this.kept) return;
    this.kept.sent[name] = size;
    delete this.kept.parts[name];
    this.save();
  }

  /** Written once a second at most. */
  save() {
    if (this.saving) return;
    this.saving = setTimeout(() => {
      this.saving = 0;
      const { kept } = this;
      if (kept) this.#run("readwrite", (store) => done(store.put(kept)));
    }, 1000);
  }

  /** @param {string} batch */
  async forget(batch) {
    clearTimeout(this.saving);
    this.saving = 0;
    this.kept = null;
    await this.#run("readwrite", (store) => done(store.delete(batch)));
  }

  /**
   * A browser that keeps nothing (private windows) uploads too.
   * @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => Promise<T>} act
   */
  async #run(mode, act) {
    try {
      const database = await opened(this.user);
      const answer = await act(database.transaction(STORE, mode).objectStore(STORE));
      database.close();
      return answer;
    } catch {
      return undefined;
    }
  }
}
