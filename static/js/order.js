// Order, versions and ticks: pure. A conversation is a log; everything is a position in it.

import { revision } from "./replica.js";

// What is stored without a gap, from entries that may come in any order (chat/policy/window.py is the same rule, and
// tests/shared/window.json holds both to it).
export class Cursor {
  constructor(position = 0, above = [], absent = []) {
    this.position = position;
    this.above = new Set(above);
    this.absent = absent;
  }

  // Entry `seq` alone. True if the gapless run grew.
  one(seq) {
    if (seq <= this.position) return false;
    this.above.add(seq);
    return this.#absorb(this.position);
  }

  // Everything through `seq`, however it was come by.
  upto(seq) {
    const before = this.position;
    this.position = Math.max(before, seq);
    return this.#absorb(before);
  }

  // Entries `from` to `to` are not there for this person: nothing to wait for.
  over(from, to) {
    this.absent = [...this.absent, { from, to }];
    return this.#absorb(this.position);
  }

  copy() {
    return new Cursor(this.position, this.above, this.absent);
  }

  #absorb(before) {
    let passed;
    do {
      passed = this.position;
      while (this.above.delete(this.position + 1)) this.position += 1;
      for (const { from, to } of this.absent) if (from <= this.position + 1) this.position = Math.max(this.position, to);
    } while (this.position > passed);
    for (const seq of this.above) if (seq <= this.position) this.above.delete(seq);
    this.absent = this.absent.filter(({ to }) => to > this.position);
    return this.position > before;
  }
}

// The tick of one's own entry: what all the others present whom it is for have reached, by any of their stays; for no
// one: sent. A watermark above a lapse says nothing about what lapsed: between two people (`direct`) that is failed.
// receipts/watermarks.py is the same rule, and tests/shared/ticks.json holds both to it.
export function tick(seq, others, direct) {
  const isIn = (ranges) => ranges.some(([from, to]) => from <= seq && (to === null || seq <= to));
  const asked = others.filter(({ stays }) => isIn(stays));
  const misses = ({ lapsed = [] }) => isIn(lapsed);
  if (asked.length === 0) return "sent";
  if (direct && asked.some(misses)) return "failed";
  if (asked.every((mark) => mark.seen >= seq && !misses(mark))) return "seen";
  if (asked.every((mark) => mark.delivered >= seq && !misses(mark))) return "delivered";
  return "sent";
}

// Watermarks only rise: absolute and merged by max, they can be repeated or late without harm.
export function raise(mark, type, seq) {
  const before = [mark.delivered, mark.seen];
  if (type === "SEEN") mark.seen = Math.max(mark.seen, seq);
  mark.delivered = Math.max(mark.delivered, seq, mark.seen);
  return before[0] !== mark.delivered || before[1] !== mark.seen;
}

// Merging by seq: an entry met again is the same entry, perhaps in another version.
export function insert(entries, entry) {
  let at = entries.length;
  while (at > 0 && entries[at - 1].seq > entry.seq) at -= 1;
  const isKnown = at > 0 && entries[at - 1].seq === entry.seq;
  if (!isKnown) entries.splice(at, 0, entry);
  else if (revision(entry) > revision(entries[at - 1])) entries[at - 1] = entry;
  return !isKnown;
}

// What may count as unread.
export const isNews = ({ sender, deleted, event }, me) => sender !== me && !deleted && !event;

// Others' entries above what is seen. `told`: the server's count, true for the head and the seen of that moment; it
// counts what is not in memory here. `entries`: ascending, all there are from `from` on; those up to `received` count.
export function unread({ entries, from, received, seen, me, told }) {
  const theirs = (above, to) => entries.filter((entry) => entry.seq > above && entry.seq <= to && isNews(entry, me)).length;
  const newer = theirs(Math.max(told.head, seen), received);
  if (seen >= told.head) return newer;
  if (from <= seen + 1 && received >= told.head) return theirs(seen, told.head) + newer;
  const older = Math.min(told.head - seen, told.count - theirs(told.seen, seen));
  return Math.max(0, older) + newer;
}

// Ids of messages and conversations are UUIDv7: the first 48 bits are the time of their making, in milliseconds.
export const madeAt = (id) => parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
