// All conversations, as the views draw them. Tells of changes by events.

import { Chat } from "./chat.js";
import { madeAt } from "./order.js";

export class Chats extends EventTarget {
  constructor(me) {
    super();
    this.me = me;
    this.byId = new Map();
  }

  get(id) {
    return this.byId.get(id);
  }

  get all() {
    return [...this.byId.values()];
  }

  // Those that the person is in.
  joined(id) {
    const chat = this.byId.get(id);
    return chat?.isLeft ? undefined : chat;
  }

  // One that was left, or is in again, begins anew.
  put(summary) {
    const chat = this.byId.get(summary.id);
    if (chat && chat.isLeft === Boolean(summary.left)) chat.update(summary);
    else this.byId.set(summary.id, new Chat(summary, this.me));
    return this.byId.get(summary.id);
  }

  remove(id) {
    this.byId.delete(id);
    this.changed(id);
  }

  // Newest first, as the server orders them; what `unsentAt(id)` says is the time of a message on its way.
  ordered(unsentAt = () => 0) {
    const latest = (chat) => Math.max(unsentAt(chat.id), madeAt(chat.last?.id ?? chat.id));
    const keyed = this.all.map((chat) => [latest(chat), chat]);
    return keyed.sort(([a, one], [b, other]) => b - a || (one.id < other.id ? 1 : -1)).map(([, chat]) => chat);
  }

  // `id`: which one, null for any.
  changed(id) {
    this.dispatchEvent(new CustomEvent("change", { detail: id }));
  }

  clear() {
    this.byId.clear();
    this.changed(null);
  }
}
