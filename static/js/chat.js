// One conversation in memory. Its entries are all there are from `from` to what is stored without a gap (above that
// some may wait for what comes before them); older ones are in the database or with the server.

import { Cursor, insert, raise, tick, unread } from "./order.js";

export class Chat {
  constructor(summary, me) {
    Object.assign(this, { id: summary.id, me, entries: [], cursor: null, from: null, seen: 0, head: 0, members: [] });
    this.update(summary);
  }

  // As the server tells it, or as it was kept from the last visit.
  update({ kind, start, head, seen, last, members, unread: count }) {
    const known = new Map(this.members.map((member) => [member.id, member]));
    this.members = members.map((member) => {
      const before = known.get(member.id) ?? member;
      return { ...member, delivered: Math.max(member.delivered, before.delivered), seen: Math.max(member.seen, before.seen) };
    });
    Object.assign(this, { kind, start });
    this.told = { count, head, seen };
    this.head = Math.max(this.head, head);
    this.seen = Math.max(this.seen, seen);
    if (!this.last || (last && last.seq >= this.last.seq)) this.last = last;
  }

  // As kept in the database between visits.
  get summary() {
    const { id, kind, start, seen, last, members, unread: count } = this;
    return { id, kind, start, seen, last, members, unread: count, head: Math.max(this.told.head, this.received) };
  }

  get others() {
    return this.members.filter((member) => member.id !== this.me);
  }

  // Whose colour and letters stand for it.
  get face() {
    return this.others[0] ?? this.members[0];
  }

  get name() {
    return this.others.map((member) => member.name).join(", ") || this.face.name;
  }

  get received() {
    return this.cursor?.position ?? 0;
  }

  get position() {
    return { conv: this.id, received: this.received, seen: Math.min(this.seen, this.received) };
  }

  // Derived, never counted along, so that it heals itself.
  get unread() {
    const { entries, received, seen, me, told } = this;
    return unread({ entries, from: this.from ?? Infinity, received, seen, me, told });
  }

  // Only what is stored without a gap below it is shown.
  get shown() {
    const end = this.received;
    return this.entries.at(-1)?.seq <= end ? this.entries : this.entries.filter((entry) => entry.seq <= end);
  }

  find(seq) {
    return this.entries.find((entry) => entry.seq === seq);
  }

  // Where this device stands when it meets the conversation; what is below is history.
  begin(position) {
    this.cursor ??= new Cursor(position);
    this.from ??= position + 1;
  }

  // What the cursor will be once these are stored. `upto`: nothing below it is missing that could be had.
  cursorAfter(entries, upto = 0) {
    const cursor = this.cursor.copy();
    for (const { seq } of entries) cursor.one(seq);
    cursor.upto(upto);
    return cursor;
  }

  // They are stored.
  take(entries, cursor) {
    this.cursor = cursor;
    for (const entry of entries) {
      this.head = Math.max(this.head, entry.seq);
      if (entry.seq >= this.from) insert(this.entries, entry);
    }
    const newest = this.shown.at(-1);
    if (newest && newest.seq >= (this.last?.seq ?? 0)) this.last = newest;
  }

  // History, complete from `from` on.
  prepend(entries, from) {
    this.entries = [...entries.filter((entry) => entry.seq < this.from), ...this.entries];
    this.from = Math.min(this.from, from);
  }

  // Somebody is known to have written what has not come here.
  heardOf(seq) {
    this.head = Math.max(this.head, seq);
  }

  see(seq) {
    this.seen = Math.max(this.seen, seq);
  }

  tickOf(entry) {
    return tick(entry.seq, this.others);
  }

  // One's own SEEN is what another device or tab of this person tells.
  raise(userId, type, seq) {
    if (userId === this.me && type === "SEEN") this.see(seq);
    const member = this.members.find((each) => each.id === userId);
    return member ? raise(member, type, seq) : false;
  }
}
