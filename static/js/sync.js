// The engine between socket, database and state. Frames are handled one after the other; an entry is shown and
// acknowledged only after the database has it.

import { Acks } from "./acks.js";
import { Monitor } from "./monitor.js";
import { Outbox } from "./outbox.js";
import * as protocol from "./protocol.js";

export class Sync extends EventTarget {
  constructor({ me, device, chats, database }) {
    super();
    Object.assign(this, { me, device, chats, database });
    this.confirmed = new Map();
    this.queue = [];
    this.acks = new Acks((frame) => this.isReady && this.monitor.send(frame));
    this.outbox = new Outbox({
      transmit: (frame) => this.isReady && this.monitor.send(frame),
      changed: (conv) => chats.changed(conv),
    });
    this.monitor = new Monitor({
      onOpen: () => this.#greet(),
      onFrame: (frame) => this.#enqueue(frame),
      onState: (state, since) => this.#stateChanged(state, since),
      onHeartbeat: () => this.monitor.send(protocol.ping(this.#unconfirmed())),
    });
  }

  // What is stored is there at once, also without a network.
  async start() {
    this.epoch = await this.database.epoch();
    this.counters = await this.database.reserveCounters();
    for (const summary of await this.database.conversations()) this.chats.put(summary);
    for (const { conv, received, seen } of await this.database.positions()) this.#restore(conv, received, seen);
    this.chats.changed(null);
    this.monitor.start();
  }

  // What the views ask for

  async send(conv, body, replyTo) {
    const item = { client_id: this.#nextId(), conv, body, at: Date.now(), reply_to: replyTo };
    this.outbox.add(item);
  }

  openDirect(username) {
    this.monitor.send(protocol.open(username));
  }

  askInfo(conv, seq) {
    this.monitor.send(protocol.info(conv, seq));
  }

  markSeen(chat) {
    const seq = chat.received;
    if (seq <= chat.seen) return;
    chat.seen = seq;
    this.acks.add("SEEN", chat.id, seq);
    this.database.setPosition({ conv: chat.id, received: chat.received, seen: seq });
    this.chats.changed(chat.id);
  }

  // Older entries: from the database, and what it lacks from the server.
  async loadOlder(chat) {
    const first = chat.entries[0]?.seq ?? chat.received + 1;
    const from = Math.max(chat.start, first - protocol.PAGE);
    if (first <= chat.start) return false;
    const stored = await this.database.entries(chat.id, from, first - 1);
    chat.take(stored);
    if (stored.length < first - from && this.isReady) await this.#fetch(chat.id, from, first - 1);
    this.chats.changed(chat.id);
    return true;
  }

  #fetch(conv, from, to) {
    return new Promise((resolve) => {
      this.fetching ??= new Map();
      this.fetching.set(`${conv} ${from}`, resolve);
      this.monitor.send(protocol.fetchRange(conv, from, to));
    });
  }

  #nextId() {
    const { next, end } = this.counters;
    this.counters.next += 1;
    // Reserved before this block is used up; an unlucky tab that outruns it stays unique by its random tail.
    if (next === end - 20) this.database.reserveCounters().then((fresh) => (this.counters = fresh));
    const counter = next < end ? next : `${next}x${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    return protocol.clientId(this.device, counter, Date.now());
  }

  #restore(conv, received, seen) {
    const chat = this.chats.get(conv);
    chat?.begin(received);
    if (chat) chat.seen = Math.max(chat.seen, seen);
  }

  // Positions: told at hello, and in heartbeats until the server has echoed them as stored

  #positions() {
    const chats = [...this.chats.byId.values()].filter((chat) => chat.cursor);
    return chats.map((chat) => ({ conv: chat.id, received: chat.received, seen: Math.min(chat.seen, chat.received) }));
  }

  #unconfirmed() {
    return this.#positions()
      .filter(({ conv, received, seen }) => {
        const stored = this.confirmed.get(conv);
        return !stored || stored.received < received || stored.seen < seen;
      })
      .slice(0, 500);
  }

  #greet() {
    this.queue = [];
    this.confirmed.clear();
    this.acks.drop();
    this.monitor.send(protocol.hello(this.epoch ?? null, this.#positions().slice(0, 1000)));
  }

  #stateChanged(state, since) {
    this.isReady = state === "connected";
    if (!this.isReady) this.#abandonFetches();
    this.dispatchEvent(new CustomEvent("state", { detail: { state, since } }));
  }

  #abandonFetches() {
    for (const resolve of this.fetching?.values() ?? []) resolve();
    this.fetching?.clear();
  }

  // Frames, in order

  #enqueue(frame) {
    this.queue.push(frame);
    this.working ??= this.#work().finally(() => (this.working = undefined));
  }

  async #work() {
    while (this.queue.length) {
      const frame = this.queue.shift();
      await this[`on_${frame.t}`]?.(frame);
    }
  }

  async on_welcome({ epoch, heartbeat_ms }) {
    if (this.epoch !== epoch) {
      if (this.epoch) this.chats.clear();
      await this.database.beginEpoch(epoch);
      this.epoch = epoch;
    }
    this.awaitingList = true;
    this.monitor.welcomed(heartbeat_ms);
  }

  async on_conversations({ items, more, opened }) {
    for (const item of items) {
      const chat = this.chats.put(item);
      if (!chat.cursor) {
        chat.begin(item.received);
        await this.database.setPosition({ conv: chat.id, received: item.received, seen: chat.seen });
      }
    }
    await this.#keep(items.map((item) => item.id));
    this.chats.changed(null);
    if (opened) this.dispatchEvent(new CustomEvent("opened", { detail: items[0].id }));
    if (this.awaitingList && !more) {
      this.awaitingList = false;
      this.outbox.resend();
    }
  }

  on_messages({ conv, entries }) {
    return this.#store(conv, entries);
  }

  async on_page({ conv, from, entries }) {
    const chat = this.chats.get(conv);
    await this.database.store(conv, entries);
    chat?.take(entries);
    this.fetching?.get(`${conv} ${from}`)?.();
    this.fetching?.delete(`${conv} ${from}`);
    this.chats.changed(conv);
  }

  async on_ack({ acks }) {
    const accepted = new Map();
    for (const ack of acks) {
      if (ack.type === "ACCEPTED") {
        const item = this.outbox.find(ack.client_id);
        if (item) accepted.set(ack.conv, [...(accepted.get(ack.conv) ?? []), this.#entryOf(item, ack)]);
      } else if (ack.type === "REJECTED") this.outbox.reject(ack.client_id, ack.error_text);
      else this.#tick(ack);
    }
    for (const [conv, entries] of accepted) await this.#store(conv, entries);
  }

  on_retry(frame) {
    this.outbox.retry(frame);
  }

  on_info(frame) {
    this.dispatchEvent(new CustomEvent("info", { detail: frame }));
  }

  on_pong({ positions }) {
    for (const position of positions) this.confirmed.set(position.conv, position);
  }

  on_error(frame) {
    if (frame.ref?.t === "fetch") this.#abandonFetches();
    this.dispatchEvent(new CustomEvent("refused", { detail: frame }));
  }

  #entryOf({ body, reply_to }, { seq, message_id, client_id, timestamp }) {
    return { seq, id: message_id, sender: this.me, client_id, body, at: timestamp, ...(reply_to && { reply_to }) };
  }

  // One's own entry may come as ACCEPTED or as a push: the same entry, at the same place.
  async #store(conv, entries) {
    const chat = this.chats.get(conv);
    if (!chat) return;
    chat.begin(0);
    let rose = false;
    for (const entry of entries) rose = chat.cursor.add(entry.seq) || rose;
    const position = { conv, received: chat.received, seen: Math.min(chat.seen, chat.received) };
    await this.database.store(conv, entries, position);
    for (const entry of entries) if (entry.sender === this.me) this.outbox.settle(entry.client_id);
    chat.take(entries);
    if (rose) this.acks.add("DELIVERED", conv, chat.received);
    this.chats.changed(conv);
    this.dispatchEvent(new CustomEvent("stored", { detail: { chat, entries } }));
    this.#keepSoon(conv);
  }

  #tick({ conv, type, seq, sender_id }) {
    if (this.chats.get(conv)?.raise(sender_id, type, seq)) {
      this.chats.changed(conv);
      this.#keepSoon(conv);
    }
  }

  // Summaries are kept for the next visit; losing the last second of them costs nothing.
  #keepSoon(conv) {
    this.unkept ??= new Set();
    this.unkept.add(conv);
    this.keepTimer ??= setTimeout(() => {
      this.keepTimer = undefined;
      this.#keep([...this.unkept]);
      this.unkept.clear();
    }, 500);
  }

  #keep(ids) {
    return this.database.storeConversations(ids.map((id) => this.chats.get(id)?.summary).filter(Boolean));
  }
}
