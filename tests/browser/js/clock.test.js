import { now, resumeClock, setServerTime } from "/static/js/clock.js";
import { CONV, make } from "./engine.js";
import { equal, test } from "./harness.js";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

// Clocks that go when told to: the computer's, which may be set, and one that may not.
function clocks() {
  const state = { wall: 10 * DAY, running: 5.4 };
  Date.now = () => state.wall;
  performance.now = () => state.running;
  resumeClock();
  return {
    pass(ms) {
      state.wall += ms;
      state.running += ms;
    },
    set: (ms) => (state.wall += ms),
    sleep: (ms) => (state.wall += ms),
  };
}

test("the server's time goes on, whatever the computer's clock says", () => {
  const { pass, set } = clocks();
  equal(setServerTime(100 * DAY), 90 * DAY);
  pass(HOUR);
  set(-DAY);
  equal(now(), 100 * DAY + HOUR);
  pass(HOUR);
  equal(now(), 100 * DAY + 2 * HOUR);
  // Told anew, also when it was wrong.
  equal([setServerTime(100 * DAY + 2 * HOUR), now()], [91 * DAY, 100 * DAY + 2 * HOUR]);
  set(DAY);
  equal([setServerTime(100 * DAY + 2 * HOUR), now()], [90 * DAY, 100 * DAY + 2 * HOUR]);
});

test("hours in which the computer sleeps have gone by", () => {
  const { pass, sleep } = clocks();
  setServerTime(100 * DAY);
  pass(HOUR);
  sleep(8 * HOUR);
  equal(now(), 100 * DAY + 9 * HOUR);
});

test("how far the clock is off is kept, and told once", () => {
  const { pass } = clocks();
  equal([setServerTime(10 * DAY + 900), setServerTime(9 * DAY), setServerTime(9 * DAY + 10)], [null, -DAY, null]);
  pass(HOUR);
  resumeClock(-DAY);
  equal([now(), setServerTime(9 * DAY + HOUR)], [9 * DAY + HOUR, null]);
});

test("written without a network by a wrong clock, a message carries the server's time", async () => {
  const real = Date.now();
  Date.now = () => real - 3 * DAY;
  const first = await make();
  await first.connect("e", undefined, true, real);
  while ((await first.database.ahead()) !== 3 * DAY) await new Promise((resolve) => requestAnimationFrame(resolve));
  first.sync.stop("signed-out");
  resumeClock();
  const next = await make();
  await next.sync.send(CONV, "one");
  const [item] = await next.database.outbox.all();
  equal([item.made, item.at].map((at) => Math.abs(at - real) < HOUR), [true, true]);
  // The clock is put right: it goes by itself all the same.
  Date.now = () => real;
  await next.connect("e", undefined, true, real);
  equal([next.sync.outbox.items.map(({ state }) => state), next.take().filter(({ t }) => t === "send").length], [["pending"], 1]);
});
