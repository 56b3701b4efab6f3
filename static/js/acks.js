// Acknowledgements on their way: cumulative, the first at once, the next ones together (50, or 250 ms).

import { ack, ACK_BATCH, ACK_DELAY_MS, upTo } from "./protocol.js";

export class Acks {
  constructor(transmit, now = () => performance.now()) {
    this.transmit = transmit;
    this.now = now;
    this.waiting = new Map();
    this.count = 0;
    this.flushedAt = -Infinity;
  }

  add(type, conv, seq) {
    const key = `${type} ${conv}`;
    this.waiting.set(key, Math.max(seq, this.waiting.get(key) ?? 0));
    this.count += 1;
    const rest = this.flushedAt + ACK_DELAY_MS - this.now();
    if (rest <= 0 || this.count >= ACK_BATCH) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), rest);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    // DELIVERED before SEEN: what is seen is clamped to what is stored.
    const acks = [...this.waiting].sort().map(([key, seq]) => upTo(...key.split(" "), seq));
    this.waiting.clear();
    this.count = 0;
    this.flushedAt = this.now();
    for (let at = 0; at < acks.length; at += ACK_BATCH) this.transmit(ack(acks.slice(at, at + ACK_BATCH)));
  }

  // The connection is gone: the next hello states the positions instead.
  drop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
    this.count = 0;
  }
}
