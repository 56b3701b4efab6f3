// Order and ticks: pure. A conversation is a log; everything is a position in it.

// What is stored without a gap, from entries that may come in any order.
export class Cursor {
  constructor(position = 0) {
    this.position = position;
    this.above = new Set();
  }

  // True if the gapless run grew.
  add(seq) {
    if (seq <= this.position) return false;
    this.above.add(seq);
    const before = this.position;
    while (this.above.delete(this.position + 1)) this.position += 1;
    return this.position > before;
  }
}

export const TICKS = ["sent", "delivered", "seen"];

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
