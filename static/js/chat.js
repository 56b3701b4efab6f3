// One conversation in memory: who is in it, how far each has got, what of its log is here (log.js).

import { now } from "./clock.js";
import { Log } from "./log.js";
import { isNews, tick, unread } from "./order.js";
import { changed, revision } from "./replica.js";
import { Roster } from "./roster.js";

// Entries that stay in memory of a chat that is not open.
const TAIL = 200;

export class Chat {
  constructor(summary, me) {
    Object.assign(this, { id: summary.id, me, roster: new Roster(me), log: new Log(() => this.#count()), isOpen: false });
    Object.assign(this, { rev: 0, horizon: 0, seen: 0, head: 0, mention: 0, quotes: new Map() });
    this.update(summary);
    this.isLeft = Boolean(summary.left);
    if (this.isLeft) this.begin({ received: this.head });
  }

  // As the server tells it, or as it was kept from the last visit.
  update(summary) {
    const { kind, start, head, seen, rev, last, unread: count, mention, blocked } = summary;
    Object.assign(this, { kind, start, blocked });
    this.enact(summary);
    this.mention = Math.max(this.mention, mention ?? 0);
    this.told = { count, head, seen, rev: rev ?? 0 };
    this.head = Math.max(this.head, head);
    this.seen = Math.max(this.seen, seen);
    if (last && last.resent_as === undefined) this.#newest(last);
    else this.last ??= null;
  }

  // Who is in it now, and by which rules.
  enact({ adding, history, muted_until: mutedUntil = this.mutedUntil, ...people }) {
    Object.assign(this, { adding, history, mutedUntil });
    this.roster.update(people);
  }

  // As kept in the database between visits.
  get summary() {
    const { id, kind, start, seen, last, told, blocked, unread: count, adding, history, mention } = this;
    const { title, picture, members, count: people, rev: members_rev, past } = this.roster;
    const group = { past, members_rev, adding, history, muted_until: this.mutedUntil, mention };
    const more = this.isLeft && { left: true };
    return { id, kind, title, picture, start, seen, last, blocked, members, count: people, rev: Math.max(told.rev, this.rev), unread: count, head: Math.max(told.head, this.received), ...group, ...more };
  }

  // The same once the person is not in it any more.
  get left() {
    const { summary } = this;
    return { ...summary, start: summary.head + 1, seen: summary.head, last: null, unread: 0, left: true };
  }

  get name() {
    return this.roster.name;
  }

  // Whose colour it has.
  get faceId() {
    const { me, others } = this.roster;
    return this.kind === "direct" ? (others[0]?.id ?? me) : this.id;
  }

  get received() {
    return this.log.received;
  }

  get position() {
    return { conv: this.id, received: this.received, rev: this.rev, seen: Math.min(this.seen, this.received) };
  }

  // The same as it is stored.
  get kept() {
    return { ...this.position, horizon: this.horizon };
  }

  // Derived, never counted along, so that it heals itself.
  get unread() {
    const { log, seen, me, told } = this;
    return unread({ entries: log.entries, from: log.tail.from, received: log.received, seen, me, told });
  }

  get isMuted() {
    return this.mutedUntil > now();
  }

  // By somebody, in what was not read yet.
  get isMentioned() {
    return this.mention > this.seen;
  }

  #heard(entry) {
    if (entry.mentions?.includes(this.me) && entry.sender !== this.me && !entry.deleted) this.mention = Math.max(this.mention, entry.seq);
  }

  // What leaves the memory is counted before: as if the server told the count now.
  #count() {
    const { told, received, seen, rev } = this;
    this.told = { count: this.unread, head: Math.max(told.head, received), seen, rev: Math.max(told.rev, rev) };
  }

  find(seq) {
    return this.log.find(seq) ?? this.quotes.get(seq);
  }

  // Where this device stands when it meets the conversation; what is below is history.
  begin({ received, rev, horizon }) {
    this.log.begin(received);
    this.rev = Math.max(this.rev, rev ?? 0);
    this.horizon = Math.max(this.horizon, horizon ?? 0);
  }

  // What the cursor will be once these are stored, and it is known what is not there.
  cursorAfter(entries, absent = []) {
    const cursor = this.log.cursor.copy();
    for (const { seq } of entries) cursor.one(seq);
    for (const { from, to } of absent) cursor.over(from, to);
    return cursor;
  }

  // They are stored.
  take(entries, cursor, absent = []) {
    this.log.take(entries, cursor, absent);
    for (const entry of entries) {
      this.heardOf(entry.seq);
      this.#heard(entry);
    }
    if (this.log.newest) this.#newest(this.log.newest);
    if (!this.isOpen && this.log.tail.entries.length > 2 * TAIL) this.log.trim(TAIL);
  }

  // What became of entries, as the database tells it. All changes up to revision `upto` are stored.
  change(outcomes, upto) {
    for (const { item, before, after } of outcomes) {
      this.#changeLast(item);
      if (item.seq === this.mention && item.type !== "edit") this.mention = 0;
      if (!before) continue;
      this.#replace(item.seq, after);
      this.#uncount(item, before, after);
    }
    this.rev = Math.max(this.rev, upto);
  }

  #replace(seq, after) {
    this.log.replace(seq, after);
    if (this.quotes.has(seq)) this.quotes.set(seq, after ?? null);
  }

  // The list may show an entry that this device does not have.
  #changeLast(change) {
    if (this.last?.seq !== change.seq) return;
    if (change.type === "hide") this.last = null;
    else if (change.rev > revision(this.last)) this.last = changed(this.last, change);
    if (this.last?.resent_as !== undefined) this.last = null;
  }

  // The server's count may have been made before the change.
  #uncount({ seq, rev }, before, after) {
    const { told, me } = this;
    const wasCounted = seq > told.seen && seq <= told.head && rev > told.rev && isNews(before, me);
    if (wasCounted && !(after && isNews(after, me))) told.count -= 1;
  }

  // Sent anew as entry `seq`; the change that says so is on its way.
  withdraw(seq, as) {
    const entry = this.log.find(seq);
    if (entry) this.log.replace(seq, changed(entry, { type: "delete", rev: revision(entry), resent_as: as }));
  }

  // All that this device lacks up to the horizon is not owed to it any more. What it has below is history.
  reset(horizon) {
    if (horizon < this.received) return;
    this.horizon = horizon;
    this.log.skip(horizon);
  }

  // Another tab has stored more than this one knows: all of it is history now. False: it has not.
  adopt({ received, rev, seen, horizon }) {
    if (this.log.cursor && received <= this.received && rev <= this.rev) return false;
    this.begin({ received, rev, horizon });
    this.log.skip(received);
    this.see(seen);
    return true;
  }

  // Its thread is drawn from now on, or is not any more. It begins at the newest.
  open(isOpen) {
    this.isOpen = isOpen;
    this.log.endPreview(false);
    this.log.toNewest();
    this.log.trim(TAIL);
  }

  // Somebody is known to have written what has not come here.
  heardOf(seq) {
    this.head = Math.max(this.head, seq);
  }

  see(seq) {
    if (seq <= this.seen) return;
    this.seen = seq;
    this.#count();
  }

  // Who is not known may not have it.
  tickOf(entry) {
    if (!this.roster.isWhole) return "sent";
    return tick(entry.seq, this.roster.others, this.kind === "direct");
  }

  // One's own SEEN is what another device or tab of this person tells.
  raise(userId, type, seq) {
    if (userId === this.me && type === "SEEN") this.see(seq);
    return this.roster.raise(userId, type, seq);
  }

  #newest(entry) {
    const { last } = this;
    this.#heard(entry);
    if (!last || entry.seq > last.seq || (entry.seq === last.seq && revision(entry) >= revision(last))) this.last = entry;
  }
}
