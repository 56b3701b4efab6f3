// The state the views draw: conversations, their entries in memory, watermarks. Tells of changes by events.

import { Cursor, insert, raise, tick } from "./order.js";

export class Chat {
  constructor(summary, me) {
    this.id = summary.id;
    this.me = me;
    this.entries = [];
    this.cursor = null;
    this.seen = 0;
    this.update(summary);
  }

  update(summary) {
    const known = new Map((this.members ?? []).map((member) => [member.id, member]));
    this.members = summary.members.map((member) => {
      const before = known.get(member.id);
      return before ? { ...member, delivered: Math.max(member.delivered, before.delivered), seen: Math.max(member.seen, before.seen) } : member;
    });
    this.kind = summary.kind;
    this.start = summary.start;
    this.head = Math.max(summary.head, this.head ?? 0);
    this.seen = Math.max(summary.seen, this.seen);
    if (!this.last || (summary.last && summary.last.seq >= this.last.seq)) this.last = summary.last;
    // The server's count holds for its head; what comes after is counted from what is stored here.
    this.unreadBefore = { count: summary.unread, head: summary.head, seen: summary.seen };
  }

  // As kept in the database between visits.
  get summary() {
    const { id, kind, start, head, seen, last, members } = this;
    return { id, kind, start, head, seen, last, members, unread: this.unread };
  }

  get others() {
    return this.members.filter((member) => member.id !== this.me);
  }

  get name() {
    return this.others.map((member) => member.name).join(", ") || this.members[0]?.name || "";
  }

  get received() {
    return this.cursor?.position ?? 0;
  }

  // Derived, never counted along, so that it heals itself.
  get unread() {
    if (this.seen >= this.received && this.seen >= this.head) return 0;
    const { count, head, seen } = this.unreadBefore;
    const newer = this.entries.filter((entry) => entry.seq > Math.max(head, this.seen) && entry.seq <= this.received && entry.sender !== this.me);
    const older = this.seen >= head ? 0 : Math.max(0, count - (this.seen - seen));
    return older + newer.length;
  }

  get latestAt() {
    return this.last?.at ?? 0;
  }

  // Only what is stored without a gap below it is shown.
  get shown() {
    const end = this.received;
    return this.entries.filter((entry) => entry.seq <= end);
  }

  begin(position) {
    this.cursor ??= new Cursor(position);
  }

  take(entries) {
    for (const entry of entries) {
      insert(this.entries, entry);
      this.head = Math.max(this.head, entry.seq);
    }
    const newest = this.shown.at(-1);
    if (newest && newest.seq >= (this.last?.seq ?? 0)) this.last = newest;
  }

  tickOf(entry) {
    return tick(entry.seq, this.others);
  }

  raise(userId, type, seq) {
    const member = this.members.find((each) => each.id === userId);
    return member ? raise(member, type, seq) : false;
  }
}

export class Chats extends EventTarget {
  constructor(me) {
    super();
    this.me = me;
    this.byId = new Map();
  }

  get(id) {
    return this.byId.get(id);
  }

  put(summary) {
    const chat = this.byId.get(summary.id);
    if (chat) chat.update(summary);
    else this.byId.set(summary.id, new Chat(summary, this.me));
    return this.byId.get(summary.id);
  }

  // Newest first, as the server orders them.
  get ordered() {
    return [...this.byId.values()].sort((a, b) => b.latestAt - a.latestAt || (a.id < b.id ? 1 : -1));
  }

  changed(id) {
    this.dispatchEvent(new CustomEvent("change", { detail: id }));
  }

  clear() {
    this.byId.clear();
    this.changed(null);
  }
}
