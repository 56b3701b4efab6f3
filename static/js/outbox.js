// Messages on their way out, in order per conversation. In memory: what is here is lost with the tab (the page asks
// before it closes). The client_id is made before anything touches the network and never changes.

import { delay } from "./backoff.js";
import { send } from "./protocol.js";

export class Outbox {
  constructor({ transmit, changed }) {
    this.transmit = transmit;
    this.changed = changed;
    this.items = [];
    this.timers = new Map();
  }

  add(item) {
    this.items.push({ ...item, state: "pending", attempts: 0 });
    this.#post(this.items.at(-1));
    this.changed(item.conv);
  }

  of(conv) {
    return this.items.filter((item) => item.conv === conv);
  }

  find(clientId) {
    return this.items.find((item) => item.client_id === clientId);
  }

  get hasPending() {
    return this.items.length > 0;
  }

  // A new connection: everything still unanswered again, oldest first, under the same ids.
  resend() {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    for (const item of this.#pending()) this.#post(item);
  }

  // In the log: the entry takes over.
  settle(clientId) {
    const item = this.find(clientId);
    if (item) this.items.splice(this.items.indexOf(item), 1);
    return item;
  }

  reject(clientId, reason) {
    this.#fail(clientId, "rejected", reason);
  }

  // Nothing is wrong with it: the conversation's line goes again, in order, after a pause.
  retry({ client_id, conv, error_text, retry_after_ms }) {
    const item = this.find(client_id);
    if (!item || item.state !== "pending" || this.timers.has(conv)) return;
    item.attempts += 1;
    const pause = delay(item.attempts);
    if (pause === null) return this.#fail(client_id, "failed", error_text);
    this.timers.set(conv, setTimeout(() => this.#again(conv), Math.max(pause, retry_after_ms)));
  }

  // By hand. The outcome of the earlier attempts is unknown, so the id stays.
  retryNow(clientId) {
    const item = this.find(clientId);
    if (!item) return;
    Object.assign(item, { state: "pending", attempts: 0, reason: "" });
    this.#post(item);
    this.changed(item.conv);
  }

  discard(clientId) {
    const item = this.settle(clientId);
    if (item) this.changed(item.conv);
  }

  #again(conv) {
    this.timers.delete(conv);
    for (const item of this.#pending()) if (item.conv === conv) this.#post(item);
  }

  #fail(clientId, state, reason) {
    const item = this.find(clientId);
    if (!item) return;
    Object.assign(item, { state, reason });
    this.changed(item.conv);
  }

  #pending() {
    return this.items.filter((item) => item.state === "pending");
  }

  // `after` names the unanswered predecessor; one that failed or was refused is no predecessor any more.
  #post(item) {
    const line = this.#pending().filter((other) => other.conv === item.conv);
    const before = line[line.indexOf(item) - 1];
    this.transmit(send(item, before?.client_id));
  }
}
