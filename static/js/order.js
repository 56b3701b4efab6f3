// Order and ticks: pure. A conversation is a log; everything is a position in it.

// What is stored without a gap, from entries that may come in any order (chat/policy/window.py is the same rule, and
// tests/shared/window.json holds both to it).
export class Cursor {
  constructor(position = 0, above = []) {
    this.position = position;
    this.above = new Set(above);
  }

  // Entry `seq` alone. True if the gapless run grew.
  one(seq) {
    if (seq <= this.position) return false;
    this.above.add(seq);
    return this.#absorb(this.position);
  }

  // Everything through `seq`, for what the server says is not to be had.
  upto(seq) {
    const before = this.position;
    this.position = Math.max(before, seq);
    return this.#absorb(before);
  }

  copy() {
    return new Cursor(this.position, this.above);
  }

  #absorb(before) {
    for (const seq of this.above) if (seq <= this.position) this.above.delete(seq);
    while (this.above.delete(this.position + 1)) this.position += 1;
    return this.position > before;
  }
}

// The tick of one's own entry: what all the others have reached.
export function tick(seq, others) {
  if (others.every((mark) => mark.seen >= seq)) return "seen";
  if (others.every((mark) => mark.delivered >= seq)) return "delivered";
  return "sent";
}

// Watermarks only rise: absolute and merged by max, they can be repeated or late without harm.
export function raise(mark, type, seq) {
  const before = [mark.delivered, mark.seen];
  if (type === "SEEN") mark.seen = Math.max(mark.seen, seq);
  mark.delivered = Math.max(mark.delivered, seq, mark.seen);
  return before[0] !== mark.delivered || before[1] !== mark.seen;
}

// Merging by seq: an entry met again is the same entry.
export function insert(entries, entry) {
  let at = entries.length;
  while (at > 0 && entries[at - 1].seq > entry.seq) at -= 1;
  if (at > 0 && entries[at - 1].seq === entry.seq) return false;
  entries.splice(at, 0, entry);
  return true;
}

// Others' entries above what is seen. `told`: the server's count, true for the head and the seen of that moment; it
// counts what is not in memory here. `entries`: ascending, all there are from `from` on; those up to `received` count.
export function unread({ entries, from, received, seen, me, told }) {
  const theirs = (above, to) => entries.filter(({ seq, sender }) => seq > above && seq <= to && sender !== me).length;
  const newer = theirs(Math.max(told.head, seen), received);
  if (seen >= told.head) return newer;
  if (from <= seen + 1 && received >= told.head) return theirs(seen, told.head) + newer;
  const older = Math.min(told.head - seen, told.count - theirs(told.seen, seen));
  return Math.max(0, older) + newer;
}

// Ids of messages and conversations are UUIDv7: the first 48 bits are the time of their making, in milliseconds.
export const madeAt = (id) => parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
