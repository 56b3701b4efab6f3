import { Outbox } from "/static/js/outbox.js";
import { equal, fakeTimers, test } from "./harness.js";

function make({ online = true } = {}) {
  const timers = fakeTimers();
  const [sent, line] = [[], { online }];
  const outbox = new Outbox({
    transmit: ({ client_id, after }) => sent.push(after ? `${client_id}>${after}` : client_id),
    isOnline: () => line.online,
    changed: () => {},
    unanswered: "silence",
    random: () => 0.5,
  });
  const add = (...ids) => ids.forEach((id) => outbox.add({ client_id: id, conv: "c", body: id }));
  const retry = (id, error_code = "UNAVAILABLE", retry_after_ms = 0) => outbox.retry({ client_id: id, error_code, error_text: "not now", retry_after_ms });
  const states = () => outbox.items.map(({ client_id, state }) => `${client_id} ${state}`);
  return { outbox, sent, line, timers, add, retry, states, take: () => sent.splice(0) };
}

test("each names the unanswered one before it", () => {
  const { add, take, outbox } = make();
  add("a", "b", "c");
  equal(take(), ["a", "b>a", "c>b"]);
  outbox.settle("a");
  add("d");
  equal(take(), ["d>c"]);
});

test("offline nothing goes; afterwards everything in order", () => {
  const { add, take, line, outbox } = make({ online: false });
  add("a", "b");
  equal(take(), []);
  line.online = true;
  outbox.resend();
  equal(take(), ["a", "b>a"]);
});

test("a new connection repeats what is unanswered under the same ids", () => {
  const { add, take, outbox } = make();
  add("a", "b");
  outbox.settle("a");
  outbox.pause();
  take();
  outbox.resend();
  equal(take(), ["b"]);
});

test("a retry rests for the backoff or what the server says, whichever is longer", () => {
  const { add, take, retry, timers } = make();
  add("a");
  take();
  retry("a");
  timers.pass(499);
  equal(take(), []);
  timers.pass(1);
  equal(take(), ["a"]);
  retry("a", "OVERLOADED", 5000);
  timers.pass(4999);
  equal(take(), []);
  timers.pass(1);
  equal(take(), ["a"]);
});

test("whoever waits for the one before does not use up attempts", () => {
  const { add, take, retry, outbox, timers } = make();
  add("a", "b");
  retry("a");
  for (let turn = 0; turn < 20; turn += 1) retry("b", "PREDECESSOR_MISSING");
  timers.pass(500);
  equal(take(), ["a", "b>a", "a", "b>a"]);
  equal(outbox.find("b").attempts, 1);
});

test("a line never overtakes itself while it rests", () => {
  const { add, take, retry, timers } = make();
  add("a");
  retry("a");
  take();
  add("b");
  equal(take(), []);
  timers.pass(500);
  equal(take(), ["a", "b>a"]);
});

test("after ten attempts it has failed, and the next goes on without it", () => {
  const { add, take, retry, states, timers, outbox } = make();
  add("a");
  for (let turn = 1; turn < 10; turn += 1) {
    retry("a");
    while (!outbox.find("a").inFlight) timers.pass(100);
  }
  equal(take().length, 10);
  add("b");
  retry("a");
  equal(states(), ["a failed", "b pending"]);
  equal(take(), ["b>a"]);
});

test("no answer at all is an attempt that failed", () => {
  const { add, outbox, take, timers, states } = make();
  add("a");
  timers.pass(20 * 60 * 1000);
  equal(take().length, 10);
  equal(states(), ["a failed"]);
  equal(outbox.find("a").reason, "silence");
});

test("a refused one is never repeated, and is no predecessor", () => {
  const { add, take, outbox, states, timers } = make();
  add("a", "b");
  outbox.reject("a", "no");
  take();
  outbox.pause();
  outbox.resend();
  timers.pass(1000000);
  equal(states()[0], "a rejected");
  equal(take()[0], "b");
});

test("by hand it goes again under the same id, at the end of the line", () => {
  const { add, take, outbox, states } = make();
  add("a", "b");
  outbox.reject("a", "no");
  take();
  outbox.retryNow("a");
  equal(take(), ["a>b"]);
  equal(states(), ["b pending", "a pending"]);
});

test("discarded is gone, and what named it names the one before", () => {
  const { add, take, outbox, line } = make({ online: false });
  add("a", "b", "c");
  outbox.discard("b");
  line.online = true;
  outbox.resend();
  equal(take(), ["a", "c>a"]);
});

test("conversations do not wait for each other", () => {
  const { add, take, retry, outbox } = make();
  add("a");
  retry("a");
  take();
  outbox.add({ client_id: "z", conv: "other", body: "z" });
  equal(take(), ["z"]);
});
