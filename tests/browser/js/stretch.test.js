import { Log } from "/static/js/log.js";
import { Cursor } from "/static/js/order.js";
import { Stretch } from "/static/js/stretch.js";
import { dice, equal, test } from "./harness.js";

const run = (from, to) => Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => ({ seq: from + at }));
const page = (from, to) => ({ entries: run(from, to), absent: [], from, to });
const ends = (entries) => [entries[0]?.seq, entries.at(-1)?.seq, entries.length];

test("a part holds the anchor, at most so many, and begins and ends where its neighbours do", () => {
  const stretch = new Stretch({ from: 11, to: 110, entries: run(11, 110) });
  equal(stretch.around(Infinity, 40), { from: 71, to: 110 });
  equal(stretch.around(11, 40), { from: 11, to: 50 });
  equal(stretch.around(60, 40), { from: 44, to: 83 });
  equal(stretch.around(5, 400), { from: 11, to: 110 });
});

test("cut, it keeps what is known about its own range only", () => {
  const absent = [{ from: 1, to: 4, why: "expired" }, { from: 8, to: 9, why: "deleted" }];
  const stretch = new Stretch({ from: 1, to: 20, entries: run(10, 20), absent });
  stretch.cut(5, 12);
  equal([stretch.from, stretch.to, ends(stretch.entries), stretch.absent.length], [5, 12, [10, 12, 3], 1]);
  stretch.take({ seq: 4 });
  stretch.take({ seq: 13 });
  stretch.take({ seq: 7 });
  equal(stretch.entries.map(({ seq }) => seq), [7, 10, 11, 12]);
});

// A log of which `received` are stored, the last `kept` of them in memory.
function make(received, kept) {
  const log = new Log(() => {});
  log.begin(received);
  log.grow(page(received - kept + 1, received));
  return log;
}

test("scrolled up, only what is around is in memory, and the newest apart from it", () => {
  const log = make(1000, 50);
  for (let from = 901; from > 0; from -= 50) {
    log.grow(page(from, from + 49));
    log.fit(from + 10, 200);
    equal(log.view.entries.length <= 200 && log.entries.length <= 400, true);
  }
  equal([ends(log.shown), log.isDetached, log.tail.to], [[1, 200, 200], true, Infinity]);
  // A new one comes meanwhile: not here.
  log.take([{ seq: 1001 }], new Cursor(1001), []);
  equal([ends(log.shown), log.newest.seq], [[1, 200, 200], 1001]);
  while (log.isDetached) {
    const from = log.view.to + 1;
    if (!log.join()) log.grow(page(from, Math.min(from + 49, log.reach)));
    log.fit(from - 20, 200);
  }
  log.fit(Infinity, 200);
  equal([log.past, ends(log.shown)], [null, [802, 1001, 200]]);
});

test("at the end old ones make room for new ones", () => {
  const log = make(300, 200);
  for (let seq = 301; seq <= 400; seq += 1) {
    log.take([{ seq }], new Cursor(seq), []);
    log.fit(Infinity, 200);
  }
  equal([ends(log.shown), log.isDetached], [[201, 400, 200], false]);
});

test("what waits for what comes before it stays", () => {
  const log = make(100, 10);
  log.take(run(150, 400), new Cursor(100, run(150, 400).map(({ seq }) => seq)), []);
  log.fit(Infinity, 20);
  log.take(run(101, 149), new Cursor(400), []);
  equal(ends(log.shown).slice(0, 2), [101, 400]);
});

test("a page elsewhere is looked at instead, one that touches the newest joins them", () => {
  const log = make(1000, 50);
  log.lookAt(page(400, 450));
  equal([ends(log.shown), log.isDetached, log.draws(420), log.draws(990)], [[400, 450, 51], true, true, false]);
  log.lookAt(page(930, 950));
  equal([ends(log.shown), log.isDetached], [[930, 1000, 71], false]);
  log.lookAt(page(1, 10));
  log.toNewest();
  equal([ends(log.shown), log.isDetached], [[930, 1000, 71], false]);
});

test("however it is scrolled, jumped and written to, what is drawn has no hole", () => {
  const roll = dice(11);
  let head = 500;
  const log = make(head, 20);
  const steps = [
    () => log.view.from > 1 && log.grow(page(Math.max(1, log.view.from - 50), log.view.from - 1)),
    () => log.isDetached && !log.join() && log.grow(page(log.view.to + 1, Math.min(log.reach, log.view.to + 50))),
    () => log.take([{ seq: (head += 1) }], new Cursor(head), []),
    () => log.fit(1 + roll(head), 120),
    () => log.fit(Infinity, 120),
    () => log.toNewest(),
    () => {
      const seq = 1 + roll(log.tail.from - 1 || 1);
      if (seq < log.tail.from) log.lookAt(page(Math.max(1, seq - 25), Math.min(log.reach, seq + 25)));
    },
  ];
  for (let turn = 0; turn < 3000; turn += 1) {
    steps[roll(steps.length)]();
    const shown = log.shown.map(({ seq }) => seq);
    equal(shown, run(log.view.from, Math.min(head, log.view.to)).map(({ seq }) => seq), `turn ${turn}`);
    equal(log.isDetached || shown.at(-1) === head, true, `turn ${turn}`);
    equal(log.entries.every(({ seq }, at) => !at || seq > log.entries[at - 1].seq), true, `turn ${turn}`);
  }
});
