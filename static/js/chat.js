// One conversation in memory. Its entries are all there are from `from` to what is stored without a gap (above that
// some may wait for what comes before them); older ones are in the database or with the server.

import { Cursor, insert, isNews, tick, unread } from "./order.js";
import { changed, revision } from "./replica.js";
import { Roster } from "./roster.js";

export class Chat {
  constructor(summary, me) {
    Object.assign(this, { id: summary.id, me, roster: new Roster(me), cursor: null, from: null, rev: 0, horizon: 0 });
    Object.assign(this, { seen: 0, head: 0, entries: [], absent: [], quotes: new Map(), preview: null });
    this.update(summary);
  }

  // As the server tells it, or as it was kept from the last visit.
  update({ kind, title, start, head, seen, rev, last, members, unread: count }) {
    Object.assign(this, { kind, start });
    this.roster.update(title, members);
    this.told = { count, head, seen, rev: rev ?? 0 };
    this.head = Math.max(this.head, head);
    this.seen = Math.max(this.seen, seen);
    if (last && last.resent_as === undefined) this.#newest(last);
    else this.last ??= null;
  }

  // As kept in the database between visits.
  get summary() {
    const { id, kind, start, seen, last, told, unread: count } = this;
    const { title, members } = this.roster;
    return { id, kind, title, start, seen, last, members, rev: Math.max(told.rev, this.rev), unread: count, head: Math.max(told.head, this.received) };
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
    return this.cursor?.position ?? 0;
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
    const { entries, received, seen, me, told } = this;
    return unread({ entries, from: this.from ?? Infinity, received, seen, me, told });
  }

  // Only what is stored without a gap below it is shown; a message that was sent anew is shown as that one.
  get shown() {
    const end = this.preview ? this.preview.below : this.received;
    return this.entries.filter((entry) => entry.seq <= end && entry.resent_as === undefined);
  }

  // The newest page while what is below it is still on its way, as far as it has no hole itself.
  get ahead() {
    if (!this.preview) return [];
    const run = new Cursor(this.preview.from - 1, this.entries.map(({ seq }) => seq), this.absent);
    run.upto(this.preview.from - 1);
    return this.entries.filter(({ seq, resent_as }) => seq >= this.preview.from && seq <= run.position && resent_as === undefined);
  }

  find(seq) {
    return this.entries.find((entry) => entry.seq === seq) ?? this.quotes.get(seq);
  }

  // Where this device stands when it meets the conversation; what is below is history.
  begin({ received, rev, horizon }) {
    this.cursor ??= new Cursor(received);
    this.from ??= received + 1;
    this.rev = Math.max(this.rev, rev ?? 0);
    this.horizon = Math.max(this.horizon, horizon ?? 0);
  }

  // What the cursor will be once these are stored, and it is known what is not there.
  cursorAfter(entries, absent = []) {
    const cursor = this.cursor.copy();
    for (const { seq } of entries) cursor.one(seq);
    for (const { from, to } of absent) cursor.over(from, to);
    return cursor;
  }

  // They are stored.
  take(entries, cursor, absent = []) {
    this.cursor = cursor;
    this.#miss(absent);
    for (const entry of entries) {
      this.head = Math.max(this.head, entry.seq);
      if (entry.seq >= this.from) insert(this.entries, entry);
    }
    const newest = this.shown.at(-1);
    if (newest) this.#newest(newest);
  }

  // What became of entries, as the database tells it. All changes up to revision `upto` are stored.
  change(outcomes, upto) {
    for (const { item, before, after } of outcomes) {
      this.#changeLast(item);
      if (!before) continue;
      this.#replace(item.seq, after);
      this.#uncount(item, before, after);
    }
    this.rev = Math.max(this.rev, upto);
  }

  #replace(seq, after) {
    const at = this.entries.findIndex((entry) => entry.seq === seq);
    if (at >= 0) this.entries.splice(at, 1, ...(after ? [after] : []));
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
  withdraw(entry, seq) {
    const at = this.entries.findIndex((each) => each.seq === entry);
    if (at >= 0) this.entries[at] = changed(this.entries[at], { type: "delete", rev: revision(this.entries[at]), resent_as: seq });
  }

  // History, complete from `from` on.
  prepend(entries, from, absent = []) {
    this.entries = [...entries.filter((entry) => entry.seq < this.from), ...this.entries];
    this.#miss(absent);
    this.from = Math.min(this.from, from);
  }

  // All that this device lacks up to the horizon is not owed to it any more. What it has below is history.
  reset(horizon) {
    if (horizon < this.received) return;
    this.horizon = horizon;
    this.cursor.upto(horizon);
    this.#forgetBelow(horizon + 1);
  }

  #forgetBelow(from) {
    this.entries = this.entries.filter((entry) => entry.seq >= from);
    this.from = Math.max(this.from, from);
  }

  // At most so many of what is stored stay in memory: the others are history.
  trim(most) {
    const { shown } = this;
    if (!this.preview && shown.length > most) this.#forgetBelow(shown.at(-most).seq);
  }

  // The newest page, from entry `from` on, is shown before what is below it has come.
  startPreview(from) {
    if (from > this.received + 1) this.preview = { from, below: this.received };
  }

  get isPreviewReached() {
    return this.preview !== null && this.received >= this.preview.from - 1;
  }

  // `keeps`: what lies in between is shown now; otherwise it is history.
  endPreview(keeps) {
    if (this.preview && !keeps && this.received >= this.preview.from) this.#forgetBelow(this.preview.from);
    this.preview = null;
  }

  // Somebody is known to have written what has not come here.
  heardOf(seq) {
    this.head = Math.max(this.head, seq);
  }

  see(seq) {
    this.seen = Math.max(this.seen, seq);
  }

  tickOf(entry) {
    return tick(entry.seq, this.roster.others, this.kind === "direct");
  }

  // One's own SEEN is what another device or tab of this person tells.
  raise(userId, type, seq) {
    if (userId === this.me && type === "SEEN") this.see(seq);
    return this.roster.raise(userId, type, seq);
  }

  #miss(ranges) {
    const isKnown = (range) => this.absent.some(({ from, to }) => from <= range.from && range.to <= to);
    this.absent.push(...ranges.filter((range) => !isKnown(range)));
  }

  #newest(entry) {
    const { last } = this;
    if (!last || entry.seq > last.seq || (entry.seq === last.seq && revision(entry) >= revision(last))) this.last = entry;
  }
}
