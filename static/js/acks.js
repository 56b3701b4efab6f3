// Acknowledgements on their way: cumulative, the first at once, the next ones together (50 entries, or 250 ms).

import { ack, MAX_ACKS, upTo } from "./protocol.js";

const BATCH = 50;
const DELAY_MS = 250;

export class Acks {
  constructor(transmit, now = () => performance.now()) {
    this.transmit = transmit;
    this.now = now;
    this.flushedAt = -Infinity;
    this.drop();
  }

  // `entries`: how many this acknowledgement stands for.
  add(type, conv, seq, entries = 1) {
    const key = `${type} ${conv}`;
    this.waiting.set(key, Math.max(seq, this.waiting.get(key) ?? 0));
    this.count += entries;
    const rest = this.flushedAt + DELAY_MS - this.now();
    if (rest <= 0 || this.count >= BATCH) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), rest);
  }

  flush() {
    // DELIVERED before SEEN: what is seen is clamped to what is stored.
    const acks = [...this.waiting].sort().map(([key, seq]) => upTo(...key.split(" "), seq));
    this.drop();
    this.flushedAt = this.now();
    for (let at = 0; at < acks.length; at += MAX_ACKS) this.transmit(ack(acks.slice(at, at + MAX_ACKS)));
  }

  // Also when the connection is gone: the next hello states the positions instead.
  drop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = new Map();
    this.count = 0;
  }
}
