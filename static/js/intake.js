// What comes from the server, one frame after the other: an entry is shown and acknowledged only after the database
// has it, and the next frame waits until then.

import { setServerTime } from "./clock.js";

export class Intake {
  constructor(sync) {
    this.sync = sync;
    this.reset();
  }

  // A new connection: first comes the list of all conversations.
  begin() {
    this.reset();
    this.listed = new Set();
  }

  // Frames of a connection that is gone are worth nothing: the next hello says where this device stands.
  reset() {
    this.queue = [];
    this.listed = null;
  }

  take(frame) {
    this.queue.push(frame);
    this.working ??= this.#work().finally(() => (this.working = undefined));
  }

  async #work() {
    while (this.queue.length) {
      const frame = this.queue.shift();
      await this.sync.guard(() => this[`on_${frame.t}`]?.(frame));
    }
  }

  async on_welcome({ epoch, heartbeat_ms, time }) {
    const { sync } = this;
    setServerTime(time);
    if (sync.epoch !== epoch) {
      sync.keeper.drop();
      if (sync.epoch) sync.chats.clear();
      await sync.database.beginEpoch(epoch);
      sync.epoch = epoch;
    }
    sync.monitor.welcomed(heartbeat_ms);
  }

  // Where this device meets a conversation it did not know, it begins at the server's cursor for it: what is below
  // is history.
  async on_conversations({ items, more, opened }) {
    const { chats, database, keeper, mender } = this.sync;
    const { listed } = this;
    const fresh = [];
    for (const item of items) {
      const chat = chats.put(item);
      listed?.add(item.id);
      if (!chat.cursor) fresh.push(chat);
      chat.begin(item.received);
    }
    if (fresh.length) await database.setPositions(fresh.map((chat) => chat.position));
    // Ended meanwhile: the list of the next connection counts.
    if (listed !== this.listed) return;
    if (listed && !more && !opened) this.#allListed();
    for (const item of items) mender.watch(chats.get(item.id));
    keeper.soon(items.map((item) => item.id));
    chats.changed(null);
    if (opened) this.sync.tell("opened", items[0].id);
  }

  // The list is whole, so what is not in it is not theirs any more.
  #allListed() {
    const { chats, keeper } = this.sync;
    keeper.forget(chats.keepOnly(this.listed));
    this.listed = null;
    this.sync.ready();
  }

  async on_messages({ conv, entries }) {
    const chat = await this.#store(conv, entries);
    if (!chat) return;
    // Also when they are no news: the server repeats what it does not know to be stored.
    this.#delivered(chat, entries.length);
    this.sync.tell("stored", { chat, entries });
  }

  // What is missing between `from` and `to` is not to be had.
  async on_page(frame) {
    const { conv, from, to, entries } = frame;
    const before = this.sync.chats.get(conv)?.received ?? 0;
    const chat = await this.#store(conv, entries, from <= before + 1 ? to : 0);
    if (chat?.received > before) this.#delivered(chat, chat.received - before);
    this.sync.history.answered(frame);
  }

  async on_ack({ acks }) {
    const accepted = new Map();
    for (const ack of acks) {
      if (ack.type === "ACCEPTED") this.#accepted(ack, accepted);
      else if (ack.type === "REJECTED") this.sync.outbox.reject(ack.client_id, ack.error_text);
      else this.#tick(ack);
    }
    for (const [conv, entries] of accepted) {
      const chat = await this.#store(conv, entries);
      if (chat) this.#delivered(chat, entries.length);
    }
  }

  on_retry(frame) {
    this.sync.outbox.retry(frame);
  }

  on_info(frame) {
    this.sync.tell("info", frame);
  }

  on_pong({ positions }) {
    this.sync.positions.echoed(positions);
  }

  on_error(frame) {
    if (frame.ref?.t === "fetch") this.sync.history.abandon(frame.ref.conv);
    this.sync.tell("refused", frame);
  }

  // An accepted message is an entry, at the place it was given. One that is not here any more was discarded, but it
  // is in the log.
  #accepted({ conv, seq, message_id, client_id, timestamp }, accepted) {
    const item = this.sync.outbox.find(client_id);
    const chat = this.sync.chats.get(conv);
    if (!chat) return;
    if (item) {
      const { body, reply_to } = item;
      const entry = { seq, id: message_id, sender: this.sync.me, client_id, body, at: timestamp };
      if (reply_to) entry.reply_to = reply_to;
      accepted.set(conv, [...(accepted.get(conv) ?? []), entry]);
    } else {
      chat.heardOf(seq);
      this.sync.mender.watch(chat);
    }
  }

  // One's own entry may come as ACCEPTED or as a push: the same entry, at the same place.
  async #store(conv, entries, upto = 0) {
    const { chats, database, outbox, mender, keeper, me } = this.sync;
    const chat = chats.get(conv);
    if (!chat) return null;
    const cursor = chat.cursorAfter(entries, upto);
    await database.store(conv, entries, { ...chat.position, received: cursor.position });
    chat.take(entries, cursor);
    for (const entry of entries) if (entry.sender === me) outbox.settle(entry.client_id);
    mender.watch(chat);
    chats.changed(conv);
    keeper.soon([conv]);
    return chat;
  }

  // Nothing yet, when all that came lies above a hole.
  #delivered(chat, count) {
    if (chat.received > 0) this.sync.acks.add("DELIVERED", chat.id, chat.received, count);
  }

  #tick({ conv, type, seq, sender_id }) {
    const { chats, keeper } = this.sync;
    if (!chats.get(conv)?.raise(sender_id, type, seq)) return;
    chats.changed(conv);
    keeper.soon([conv]);
  }
}
