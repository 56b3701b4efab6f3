// A part of the log in memory: all entries there are for this person from `from` to `to` (Infinity: to the newest), and
// the ranges of it that are known not to be there.

import { insert } from "./order.js";

export class Stretch {
  constructor({ from, to = Infinity, entries = [], absent = [] }) {
    Object.assign(this, { from, to, entries, absent: [] });
    this.miss(absent);
  }

  find(seq) {
    return this.entries.find((entry) => entry.seq === seq);
  }

  // In its place, if that is here.
  take(entry) {
    if (entry.seq >= this.from && entry.seq <= this.to) insert(this.entries, entry);
  }

  // What has become of it; undefined: it is not there any more.
  replace(seq, after) {
    const at = this.entries.findIndex((entry) => entry.seq === seq);
    if (at >= 0) this.entries.splice(at, 1, ...(after ? [after] : []));
  }

  miss(ranges) {
    const isKnown = (range) => this.absent.some(({ from, to }) => from <= range.from && range.to <= to);
    this.absent.push(...ranges.filter((range) => range.to >= this.from && range.from <= this.to && !isKnown(range)));
  }

  // By what lies next to it, below or above.
  grow({ entries, from, to, absent }) {
    this.entries = from < this.from ? [...entries, ...this.entries] : [...this.entries, ...entries];
    this.from = Math.min(this.from, from);
    this.to = Math.max(this.to, to);
    this.miss(absent);
  }

  // Nothing else stays.
  cut(from, to = this.to) {
    this.from = Math.max(this.from, from);
    this.to = Math.min(this.to, to);
    this.entries = this.entries.filter(({ seq }) => seq >= this.from && seq <= this.to);
    this.absent = this.absent.filter((range) => range.to >= this.from && range.from <= this.to);
  }

  copy() {
    return new Stretch({ ...this, entries: [...this.entries] });
  }

  // Where a part with at most so many entries begins and ends, with entry `anchor`, more above it than below.
  around(anchor, most) {
    const { entries, from, to } = this;
    const at = entries.findIndex(({ seq }) => seq >= anchor);
    const wanted = at < 0 ? Infinity : at - Math.floor((most * 2) / 5);
    const first = Math.max(0, Math.min(wanted, entries.length - most));
    const next = entries[first + most];
    return { from: first ? entries[first].seq : from, to: next ? next.seq - 1 : to };
  }
}
