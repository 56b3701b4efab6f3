// Entries that are known to be there and do not come: the server pushes them again by itself after a while, but an
// entry whose ACCEPTED named it (and whose text is gone with a discarded message) it takes for known. So this asks.

import { patience } from "./backoff.js";
import { MAX_RANGE } from "./protocol.js";

// The pauses of the backoff from its third on: 2 s, 4 s, …
const SKIPPED = 2;

export class Mender {
  // `isBusy()`: the server is pushing what was missed; it will come to this, too.
  constructor(fetch, isBusy = () => false) {
    Object.assign(this, { fetch, isBusy });
    this.watched = new Map();
  }

  watch(chat, failures = 1) {
    if (!chat.log.cursor || chat.received >= chat.head || this.watched.has(chat.id)) return;
    const before = chat.received;
    const timer = setTimeout(() => this.#look(chat, before, failures), patience(failures + SKIPPED));
    this.watched.set(chat.id, timer);
  }

  drop() {
    for (const timer of this.watched.values()) clearTimeout(timer);
    this.watched.clear();
  }

  async #look(chat, before, failures) {
    this.watched.delete(chat.id);
    if (this.isBusy()) return this.watch(chat);
    if (chat.received === before) await this.fetch(chat.id, before + 1, Math.min(chat.head, before + MAX_RANGE));
    return this.watch(chat, chat.received > before ? 1 : failures + 1);
  }
}
