import { Cursor, insert, madeAt, raise, tick, unread } from "/static/js/order.js";
import { dice, equal, shared, test } from "./harness.js";

test("the shared cases of the cursor hold", async () => {
  for (const { start, acks, positions } of await shared("window")) {
    const cursor = new Cursor(start);
    const reached = acks.map(({ seq, cumulative }) => {
      const before = cursor.position;
      const rose = cumulative ? cursor.upto(seq) : cursor.one(seq);
      equal(rose, cursor.position > before, `rose at ${seq}:`);
      return cursor.position;
    });
    equal(reached, positions);
  }
});

test("a copy of a cursor goes its own way", () => {
  const cursor = new Cursor(1, [3]);
  const copy = cursor.copy();
  copy.one(2);
  equal([cursor.position, copy.position], [1, 3]);
  cursor.one(2);
  equal(cursor.position, 3);
});

test("the shared cases of the tick hold", async () => {
  for (const { name, seq, others, direct, tick: expected } of await shared("ticks")) {
    const members = others.map((other) => ({ stays: [[1, null]], ...other }));
    equal(tick(seq, members, direct), expected, name);
  }
});

test("what is not there is passed over, also above a hole", () => {
  const cursor = new Cursor(2);
  equal([cursor.over(5, 900), cursor.position], [false, 2]);
  equal([cursor.one(901), cursor.position], [false, 2]);
  const copy = cursor.copy();
  equal([cursor.over(3, 4), cursor.position, cursor.absent.length], [true, 901, 0]);
  equal([copy.one(3), copy.one(4), copy.position], [true, true, 901]);
});

test("watermarks merge by max in any order, and seen never passes delivered", () => {
  const rises = [["DELIVERED", 4], ["SEEN", 6], ["DELIVERED", 2], ["SEEN", 1], ["SEEN", 6]];
  for (let turn = 0; turn < rises.length; turn += 1) {
    const mark = { delivered: 0, seen: 0 };
    for (const [type, seq] of [...rises.slice(turn), ...rises.slice(0, turn)]) raise(mark, type, seq);
    equal(mark, { delivered: 6, seen: 6 });
  }
  equal(raise({ delivered: 6, seen: 6 }, "SEEN", 6), false);
});

test("entries are in order whatever order they come in, each once", () => {
  const roll = dice(7);
  const entries = [];
  for (let at = 0; at < 300; at += 1) insert(entries, { seq: 1 + roll(40) });
  equal(entries.map(({ seq }) => seq), [...new Set(entries.map(({ seq }) => seq))].sort((a, b) => a - b));
  equal(insert(entries, { ...entries[5] }), false);
});

// The model: the whole log is known.
const truth = (log, seen, received) => log.filter(({ seq, sender }) => seq > seen && seq <= received && sender !== "me").length;

test("of two versions of an entry the newer stays", () => {
  const entries = [{ seq: 1, rev: 4, body: "b" }];
  equal(insert(entries, { seq: 1, body: "a" }), false);
  equal(insert(entries, { seq: 1, rev: 5, body: "c" }), false);
  equal(entries, [{ seq: 1, rev: 5, body: "c" }]);
});

test("unread agrees with the whole log as far as it can be known", () => {
  const roll = dice(11);
  for (let round = 0; round < 2000; round += 1) {
    const log = Array.from({ length: 1 + roll(12) }, (_, at) => ({ seq: at + 1, sender: roll(2) ? "me" : "you" }));
    const head = roll(log.length + 1);
    const seenThen = roll(head + 1);
    const told = { count: truth(log, seenThen, head), head, seen: seenThen };
    const received = head + roll(log.length - head + 1);
    const seen = seenThen + roll(received - seenThen + 1);
    // All from the seen of that moment on is in memory: what was below has been read.
    const from = 1 + roll(seenThen + 1);
    const entries = log.filter(({ seq }) => seq >= from);
    equal(unread({ entries, from, received, seen, me: "me", told }), truth(log, seen, received), JSON.stringify({ log, told, received, seen }));
  }
});

test("unread without the entries is the server's count, and never negative", () => {
  const told = { count: 3, head: 10, seen: 2 };
  const base = { entries: [], from: 11, received: 10, me: "me", told };
  equal([2, 9, 10].map((seen) => unread({ ...base, seen })), [3, 1, 0]);
});

test("ids tell when they were made", () => {
  equal(madeAt("01930000-0000-7abc-8def-0123456789ab"), 0x019300000000);
});
