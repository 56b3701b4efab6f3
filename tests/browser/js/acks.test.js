import { Acks } from "/static/js/acks.js";
import { equal, fakeTimers, test } from "./harness.js";

function make() {
  const timers = fakeTimers();
  const frames = [];
  return { timers, frames, acks: new Acks((frame) => frames.push(frame.acks), timers.now) };
}

const up = (type, conv, seq) => ({ type, conv, seq, cumulative: true });

test("the first goes at once, the following together after 250 ms", () => {
  const { acks, frames, timers } = make();
  acks.add("DELIVERED", "c", 1);
  equal(frames, [[up("DELIVERED", "c", 1)]]);
  for (const seq of [2, 3, 4]) acks.add("DELIVERED", "c", seq);
  timers.pass(249);
  equal(frames.length, 1);
  timers.pass(1);
  equal(frames[1], [up("DELIVERED", "c", 4)]);
});

test("fifty entries do not wait", () => {
  const { acks, frames } = make();
  acks.add("DELIVERED", "c", 1);
  acks.add("DELIVERED", "c", 50, 49);
  equal(frames.length, 1);
  acks.add("DELIVERED", "d", 1);
  equal(frames[1], [up("DELIVERED", "c", 50), up("DELIVERED", "d", 1)]);
});

test("delivered goes before seen, and a late lower one does not lower it", () => {
  const { acks, frames, timers } = make();
  acks.add("DELIVERED", "x", 1);
  acks.add("SEEN", "c", 9);
  acks.add("DELIVERED", "c", 9);
  acks.add("DELIVERED", "c", 7);
  timers.pass(250);
  equal(frames[1], [up("DELIVERED", "c", 9), up("SEEN", "c", 9)]);
});

test("no frame holds more than the server takes", () => {
  const { acks, frames, timers } = make();
  acks.add("DELIVERED", "first", 1);
  // Entries of other conversations count for nothing here: only how many acknowledgements wait.
  for (let at = 0; at < 230; at += 1) acks.add("DELIVERED", `c${at}`, 1, 0);
  timers.pass(250);
  equal(frames.slice(1).map((frame) => frame.length), [100, 100, 30]);
});

test("what was dropped with the connection is not sent on the next", () => {
  const { acks, frames, timers } = make();
  acks.add("DELIVERED", "c", 1);
  acks.add("DELIVERED", "c", 2);
  acks.drop();
  timers.pass(1000);
  equal(frames.length, 1);
});
